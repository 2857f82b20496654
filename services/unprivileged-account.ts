import { spawnSync } from 'node:child_process'

export interface Account {
  uid: number
  gid: number
}

/**
 * The account that a server must run as: undefined (our own) for an ordinary user, `nobody` for root, whom Postgres
 * refuses to serve. `nobody` is there on every system, so no user need be made.
 */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  return { uid: idOf('-u'), gid: idOf('-g') }
}

function idOf(flag: '-u' | '-g'): number {
  const { stdout, status } = spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' })
  if (status !== 0) {
    throw new Error(
      'Postgres does not run as root, and there is no account `nobody` to run it as: use an ordinary user.',
    )
  }
  return Number(stdout)
}

import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'
import pg from 'pg'

/** Where and of what a result is. */
export interface Machine {
  readonly commit: string
  readonly date: string
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  readonly pg: string
  readonly postgres: string
  /** How many processes wanted a core during the last minute before the run: with more than a few, read ratios alone. */
  readonly load: number
}

export async function machineOf(url: string): Promise<Machine> {
  const client = new pg.Client(url)
  await client.connect()
  const { rows } = await client.query<{ server_version: string }>('show server_version')
  await client.end()
  return {
    commit: commitOf(),
    date: new Date().toISOString(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.versions.node,
    pg: pgVersion(),
    postgres: rows[0]?.server_version ?? 'unknown',
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  }
}

/** With a `+` where files differ from it. */
function commitOf(): string {
  try {
    const run = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim()
    return `${run('rev-parse', '--short', 'HEAD')}${run('status', '--porcelain', '--', 'src', 'bench') === '' ? '' : '+'}`
  } catch {
    return 'unknown'
  }
}

function pgVersion(): string {
  return (createRequire(import.meta.url)('pg/package.json') as { version: string }).version
}

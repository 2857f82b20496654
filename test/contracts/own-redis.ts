import type { ChildProcess } from 'node:child_process'
import { createClient } from 'redis'
import { findOrStart } from '../../services/find-or-start.ts'
import { freePort, onFreePort } from '../../services/free-port.ts'
import { checkRedis, redis } from '../../services/redis.ts'
import { Workspace } from '../../services/workspace.ts'

/** A Redis of this test alone, which may be filled, killed and configured. */
export interface OwnRedis {
  readonly url: string
  readonly port: number
  /** Kills it, as a crash does. */
  kill(): Promise<void>
  /** Starts it again, on the same port and directory. */
  restart(): Promise<void>
  /** One command of an administrator. */
  admin(...args: string[]): Promise<unknown>
  stop(): Promise<void>
}

/** Starts a Redis from the binary on the PATH, or from Debian's package where it may be installed. */
export async function ownRedis(settings: Readonly<Record<string, string>> = {}): Promise<OwnRedis> {
  let own: OwnRedis | undefined
  const { stop } = await findOrStart({
    ...redis,
    // Never one that somebody else uses.
    variables: [],
    defaultUrl: `redis://127.0.0.1:${await freePort()}`,
    start: async (binary) => {
      own = await start(binary, settings)
      return own
    },
  })
  if (!own) throw new Error('A Redis that was found is not our own.')
  return { ...own, stop }
}

async function start(binary: string, settings: Readonly<Record<string, string>>): Promise<OwnRedis> {
  const workspace = new Workspace({ name: 'redis', account: undefined, killSignal: 'SIGTERM' })
  const urlOf = (port: number): string => `redis://127.0.0.1:${port}`
  let child: ChildProcess | undefined

  async function boot(port: number): Promise<void> {
    const all = { bind: '127.0.0.1', port: String(port), dir: workspace.directory, save: '', ...settings }
    const flags = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])
    child = workspace.start(binary, flags, process.env)
    await workspace.untilReady(child, () => checkRedis(urlOf(port)).then(Boolean, () => false))
  }

  try {
    const { port } = await onFreePort(boot, (error) => error.message.includes('Address already in use'))
    return {
      url: urlOf(port),
      port,
      kill: async () => child && workspace.end(child, 'SIGKILL'),
      restart: () => boot(port),
      admin: async (...args) => {
        const client = createClient({ url: urlOf(port) })
        client.on('error', () => undefined)
        await client.connect()
        try {
          return await client.sendCommand(args)
        } finally {
          client.destroy()
        }
      },
      stop: () => workspace.dispose(),
    }
  } catch (error) {
    await workspace.dispose()
    throw error
  }
}

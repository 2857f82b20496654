import type { ChildProcess } from 'node:child_process'
import { createClient } from 'redis'
import type { ServerKind } from './find-or-start.ts'
import { onFreePort } from './free-port.ts'
import { Workspace } from './workspace.ts'

export const redis: ServerKind = {
  name: 'redis',
  variables: ['TEST_REDIS_URL', 'REDIS_URL'],
  defaultUrl: 'redis://127.0.0.1:6379',
  binary: 'redis-server',
  debianPackage: 'redis-server',
  otherwise: 'brew install redis',
  check: checkRedis,
  start: (binary) => startRedis(binary),
}

/** The version of the Redis at that URL. @throws when nobody answers, or no Redis, or it wants a password. */
export async function checkRedis(url: string): Promise<string> {
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 5_000 } })
  client.on('error', () => undefined)
  try {
    // A server that accepts and then says nothing would otherwise hold us for ever.
    const info = await withTimeout(
      client.connect().then(() => client.info('server')),
      10_000,
    )
    return /redis_version:(\S+)/.exec(info)?.[1] ?? 'of unknown version'
  } finally {
    client.destroy()
  }
}

export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Kills it, as a crash does; its directory stays. */
  kill(): Promise<void>
  /** Starts it again, on the same port and directory; kills it before where it runs. */
  restart(): Promise<void>
  /** Ends the server and removes all that it had on disk. */
  stop(): Promise<void>
}

/**
 * Starts a Redis of our own, on a free port of 127.0.0.1, that keeps nothing unless the settings say so, such as
 * `{ appendonly: 'yes', appendfsync: 'always' }`. It also goes when the process ends without `stop`.
 */
export async function startRedis(
  binary: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<RedisServer> {
  const workspace = new Workspace({ name: 'redis', account: undefined, killSignal: 'SIGTERM' })
  let child: ChildProcess | undefined

  async function boot(port: number): Promise<void> {
    const fixed = { bind: '127.0.0.1', port: String(port), dir: workspace.directory }
    const all = { ...fixed, save: '', appendonly: 'no', ...settings }
    const flags = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])
    child = workspace.start(binary, flags, process.env)
    await workspace.untilReady(child, () => checkRedis(urlOf(port)).then(Boolean, () => false))
  }

  const kill = async (): Promise<void> => child && workspace.end(child, 'SIGKILL')
  try {
    const { port } = await onFreePort(boot, (error) => error.message.includes('Address already in use'))
    return {
      url: urlOf(port),
      port,
      kill,
      async restart() {
        await kill()
        await boot(port)
      },
      stop: () => workspace.dispose(),
    }
  } catch (error) {
    await workspace.dispose()
    throw error
  }
}

function urlOf(port: number): string {
  return `redis://127.0.0.1:${port}`
}

async function withTimeout<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${milliseconds / 1_000} seconds`)),
      milliseconds,
    )
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}

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
  start: startRedis,
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

/**
 * Starts a Redis of our own, on a free port of 127.0.0.1, that keeps nothing.
 * It also goes when the process ends without `stop`.
 */
export async function startRedis(binary: string): Promise<{ url: string; stop(): Promise<void> }> {
  const workspace = new Workspace({ name: 'redis', account: undefined, killSignal: 'SIGTERM' })
  try {
    const { port } = await onFreePort(
      async (port) => {
        const flags = ['--bind', '127.0.0.1', '--port', String(port), '--dir', workspace.directory]
        const child = workspace.start(binary, [...flags, '--save', '', '--appendonly', 'no'], process.env)
        await workspace.untilReady(child, () => checkRedis(urlOf(port)).then(Boolean, () => false))
      },
      (error) => error.message.includes('Address already in use'),
    )
    return { url: urlOf(port), stop: () => workspace.dispose() }
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

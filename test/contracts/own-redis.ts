import { createClient } from 'redis'
import { ownServer } from '../../services/own-server.ts'
import { redis, type RedisServer, startRedis } from '../../services/redis.ts'

/** A Redis of this test alone, which may be filled, killed and configured. */
export interface OwnRedis extends RedisServer {
  /** One command of an administrator. */
  admin(...args: string[]): Promise<unknown>
}

/** Starts a Redis from the binary on the PATH, or from Debian's package where it may be installed. */
export async function ownRedis(settings: Readonly<Record<string, string>> = {}): Promise<OwnRedis> {
  const server = await ownServer(redis, (binary) => startRedis(binary, settings))
  return {
    ...server,
    admin: async (...args) => {
      const client = createClient({ url: server.url })
      client.on('error', () => undefined)
      await client.connect()
      try {
        return await client.sendCommand(args)
      } finally {
        client.destroy()
      }
    },
  }
}

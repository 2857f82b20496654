import { type ClaimingIdsSet, InMemorySet, RedisSet } from 'pg-capture'
import { PostgresSet } from 'pg-capture/stores/postgres-set'
import { Redis } from 'ioredis'
import type pg from 'pg'
import { createClient } from 'redis'
import type { WorkerOptions } from './worker-options.ts'

/** Makes the sets of a worker, all over one client. */
export async function setMaker(
  { set, urls, scope }: WorkerOptions,
  pool: pg.Pool,
): Promise<(kind: string) => Promise<ClaimingIdsSet>> {
  switch (set) {
    case 'memory':
      return async () => new InMemorySet()
    case 'postgres':
      return async (kind) => {
        const made = new PostgresSet({ client: pool, set: kind })
        await made.migrate()
        return made
      }
    case 'ioredis': {
      const client = new Redis(urls.redis)
      client.on('error', () => undefined)
      return async (kind) => new RedisSet({ client, key: `${scope}:${kind}` })
    }
    case 'node-redis': {
      const client = createClient({ url: urls.redis })
      client.on('error', () => undefined)
      await client.connect()
      return async (kind) => new RedisSet({ client, key: `${scope}:${kind}` })
    }
    default:
      return set satisfies never
  }
}

import { createClient } from 'redis'
import type { Kept } from './observer.ts'
import type { Setting } from './setting.ts'

/** A hash of books and a `RedisSet`. */
export async function keptInRedis({ REDIS_URL, SHOP }: Setting): Promise<Kept> {
  const redis = createClient({ url: REDIS_URL }).on('error', () => undefined)
  await redis.connect()
  return {
    books: async () => new Map(Object.entries(await redis.hGetAll(`${SHOP}:books`))),
    pending: () => redis.sCard(`${SHOP}:pending`),
    close: () => redis.destroy(),
  }
}

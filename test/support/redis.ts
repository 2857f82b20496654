import { randomBytes } from 'node:crypto'
import { Redis as IoRedis, type RedisOptions } from 'ioredis'
import { createClient, type RedisClientType } from 'redis'
import { afterAll, beforeAll } from 'vitest'
import { serviceTimeout, serviceUrl } from './service-url.ts'

export interface TestRedis {
  readonly url: string
  /** Every key of the test must begin with it: the server may be somebody's own. Differs for each file and run. */
  readonly prefix: string
  /** A connected node-redis client, closed after the file; RESP 3 by default, as in `createClient`. */
  nodeRedis(options?: { RESP?: 2 | 3 }): Promise<RedisClientType>
  /** A connected ioredis client, closed after the file. */
  ioRedis(options?: Omit<RedisOptions, 'replyMapping'>): Promise<IoRedis>
  /** The keys with our prefix that are there now, in order. */
  keys(): Promise<string[]>
}

/**
 * A real Redis for a test file. Call it at the top of the file or of a `describe`; its values are there inside tests and
 * hooks only. Keys with the prefix are removed after the file.
 *
 * ```ts
 * const redis = testRedis()
 *
 * test('adds', async () => {
 *   const client = await redis.ioRedis()
 *   expect(await client.sadd(`${redis.prefix}ids`, '1', '2')).toBe(2)
 * })
 * ```
 */
export function testRedis(): TestRedis {
  const prefix = `pg_capture_test:${process.pid}:${randomBytes(4).toString('hex')}:`
  const ends: (() => void)[] = []
  let url: string | undefined

  function opened(): string {
    if (url === undefined) throw new Error('The test Redis is there inside tests and hooks only.')
    return url
  }

  async function nodeRedis(options: { RESP?: 2 | 3 } = {}): Promise<RedisClientType> {
    const client = createClient({ url: opened(), ...options })
    // Without a listener a lost connection (as some tests want it) would end the whole process.
    client.on('error', () => undefined)
    ends.push(() => client.isOpen && client.destroy())
    await client.connect()
    return client as RedisClientType
  }

  async function ioRedis(options: Omit<RedisOptions, 'replyMapping'> = {}): Promise<IoRedis> {
    const client = new IoRedis(opened(), { ...options, lazyConnect: true })
    client.on('error', () => undefined)
    ends.push(() => client.disconnect())
    await client.connect()
    return client
  }

  async function keys(): Promise<string[]> {
    const client = await nodeRedis()
    try {
      const found: string[] = []
      for await (const batch of client.scanIterator({ MATCH: `*${prefix}*`, COUNT: 1_000 }))
        found.push(...batch)
      return [...new Set(found)].sort()
    } finally {
      client.destroy()
    }
  }

  beforeAll(async () => {
    url = await serviceUrl('redis')
  }, serviceTimeout)

  afterAll(async () => {
    if (url === undefined) return
    const left = await keys()
    if (left.length > 0) await (await nodeRedis()).unlink(left)
    for (const end of ends) end()
  }, 60_000)

  return {
    get url() {
      return opened()
    },
    prefix,
    nodeRedis,
    ioRedis,
    keys,
  }
}

import { beforeAll, describe, expect, test } from 'vitest'
import { testIdsSet } from '../../test/contracts/ids-set.ts'
import { passInRedis } from '../../test/contracts/pass-in-redis.ts'
import { allOf, failedOf } from '../testing/ids-set-under-test.ts'
import { testRedis } from '../../test/support/redis.ts'
import type { RedisClient } from './redis-client.ts'
import { RedisSet } from './redis-set.ts'

const redis = testRedis()
const clients: Record<'ioRedis' | 'nodeRedis' | 'nodeRedisWithResp2', RedisClient> = Object.create(null)
let inspector: Awaited<ReturnType<typeof redis.ioRedis>>
let keys = 0

beforeAll(async () => {
  inspector = await redis.ioRedis()
  clients.ioRedis = await redis.ioRedis()
  clients.nodeRedis = await redis.nodeRedis()
  clients.nodeRedisWithResp2 = await redis.nodeRedis({ RESP: 2 })
})

/** With a hash tag of its own, so that the keys beside it begin with the prefix too, and are removed after the tests. */
const newKey = (): string => `${redis.prefix}{${++keys}}`

const contract = (name: string, set: keyof typeof clients, other: keyof typeof clients): void =>
  testIdsSet(name, {
    make: (options) => {
      const key = newKey()
      return {
        set: new RedisSet({ client: clients[set], key, ...options }),
        other: new RedisSet({ client: clients[other], key, ...options }),
        pass: (ms) => passInRedis(inspector, key, ms),
      }
    },
  })

contract('RedisSet on ioredis', 'ioRedis', 'ioRedis')
contract('RedisSet on node-redis', 'nodeRedis', 'nodeRedis')
contract('RedisSet on both, node-redis with RESP 2', 'nodeRedisWithResp2', 'ioRedis')

describe('RedisSet', () => {
  const make = (options: { batchSize?: number } = {}) => {
    const key = newKey()
    return { key, set: new RedisSet({ client: clients.nodeRedis, key, ...options }) }
  }

  test('is durable', () => {
    expect(make().set.durable).toBe(true)
  })

  test('the key is a plain set, to which another program may add', async () => {
    const { key, set } = make()
    await inspector.sadd(key, 'a', 'b')
    await set.add(['c'])
    expect((await inspector.smembers(key)).sort()).toEqual(['a', 'b', 'c'])

    const claim = await set.claim(2, 60_000)
    const [again] = claim.ids
    await inspector.sadd(key, again!)
    expect((await set.claim(5, 60_000)).ids.length).toBe(1)
    await set.acknowledge(claim)
    expect((await set.claim(5, 60_000)).ids).toEqual([again])
  })

  test('a set that is done leaves nothing but its sequence', async () => {
    const { key, set } = make()
    await set.add(['a', 'b', 'c'])
    const claim = await set.claim(3, 60_000)
    await set.add(['a'])
    await set.claim(3, 60_000)
    await set.acknowledge(claim)
    await set.release(await set.claim(3, 60_000), { error: 'late', retryInMs: 0 })
    await set.acknowledge(await set.claim(3, 60_000))
    await set.add(['d'])
    await set.release(await set.claim(1, 60_000), { error: 'bad', retryInMs: null })
    await set.delete(['d'])
    expect((await redis.keys()).filter((name) => name.startsWith(key))).toEqual([`${key}:sequence`])
  })

  test('200,000 ids are read in batches, each id once in its batch', async () => {
    const { set } = make()
    const ids = Array.from({ length: 200_000 }, (_, at) => `key ${at}`)
    await set.add(ids)
    const seen = new Set<string>()
    let largest = 0
    for await (const batch of set.getAll()) {
      largest = Math.max(largest, batch.length)
      expect(new Set(batch).size).toBe(batch.length)
      for (const id of batch) seen.add(id)
    }
    expect(largest).toBe(1_000)
    expect(seen.size).toBe(200_000)
  })

  test('ids are kept in their text form', async () => {
    const { set } = make()
    await set.add([1, 1n, '1', 2])
    await set.delete([2n])
    expect(await allOf(set)).toEqual(['1'])
    await expect(set.add(['a', null])).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  test('two keys are two sets', async () => {
    const [one, two] = [make(), make()]
    await one.set.add(['a'])
    await two.set.add(['b'])
    expect((await two.set.claim(5, 60_000)).ids).toEqual(['b'])
    expect(await allOf(one.set)).toEqual(['a'])
  })

  test('a keyPrefix of ioredis is put before all keys', async () => {
    const prefix = `${newKey()}:`
    const prefixed = await redis.ioRedis({ keyPrefix: prefix })
    const set = new RedisSet({ client: prefixed, key: 'books' })
    await set.add(['a', 'b'])
    await set.acknowledge(await set.claim(1, 60_000))
    await set.claim(1, 60_000)
    const names = (await redis.keys()).filter((name) => name.startsWith(prefix))
    expect(names).toEqual(['flights', 'sequence', 'tokens'].map((name) => `${prefix}{books}:${name}`))
  })

  test('an id that waits, and that another program adds, can be claimed at once', async () => {
    const { key, set } = make()
    await set.add(['a', 'b'])
    await set.release(await set.claim(2, 60_000), { error: 'bad', retryInMs: null })
    await inspector.sadd(key, 'a')
    const claim = await set.claim(5, 60_000)
    expect(claim.ids).toEqual(['a'])
    expect(claim.failures?.get('a')).toMatchObject({ attempts: 1 })
    expect((await failedOf(set)).map(({ id }) => id)).toEqual(['b'])
  })

  test('the age of what another program has added to an empty set is not known, until the set was empty', async () => {
    const { key, set } = make()
    await inspector.sadd(key, 'a')
    await set.add(['b'])
    expect(await set.backlog()).toMatchObject({ pending: 2, oldestPendingMs: undefined })
    await set.claim(2, 60_000)
    await set.add(['c'])
    await inspector.sadd(key, 'd')
    expect((await set.backlog()).oldestPendingMs).toBeGreaterThanOrEqual(0)
  })

  test('the age is an upper bound: since when the set was never found empty', async () => {
    const { key, set } = make()
    const age = async (): Promise<number> => (await set.backlog()).oldestPendingMs!
    await set.add(['a'])
    await passInRedis(inspector, key, 60_000)
    await set.add(['b'])
    const claim = await set.claim(1, 600_000)
    expect(await age()).toBeGreaterThanOrEqual(60_000)
    await set.acknowledge(claim)
    await set.claim(1, 600_000)
    await set.add(['c'])
    expect(await age()).toBeLessThan(60_000)
  })

  test('an id that was added twice during its flight counts once', async () => {
    const { set } = make()
    await set.add(['a'])
    await set.claim(1, 60_000)
    await set.add(['a'])
    await set.claim(1, 60_000)
    await set.add(['a'])
    expect(await set.backlog()).toMatchObject({ pending: 1, inFlight: 1 })
  })

  test('of an id whose failures somebody has deleted, what is known is told', async () => {
    const { key, set } = make()
    await set.add(['a'])
    await set.release(await set.claim(1, 60_000), { error: 'bad', retryInMs: null })
    await inspector.del(`${key}:failures`)
    expect(await failedOf(set)).toEqual([
      { id: 'a', attempts: 1, error: '', failingForMs: 0, retryInMs: null },
    ])
  })

  test('leases run on the real time of the server', async () => {
    const { set } = make()
    await set.add(['a'])
    await set.claim(1, 100)
    await expect.poll(async () => (await set.claim(1, 100)).ids, { timeout: 5_000 }).toEqual(['a'])
  })

  test('tokens grow although the clock of the server stands, or Redis has lost the sequence', async () => {
    const { key, set } = make()
    await inspector.set(`${key}:sequence`, '4000000000000000')
    await set.add(['a', 'b', 'c'])
    expect((await set.claim(1, 60_000)).token).toBe('4000000000000001')
    expect((await set.claim(1, 60_000)).token).toBe('4000000000000002')
    await inspector.del(`${key}:sequence`)
    const now = BigInt(Date.now()) * 1_000n
    const token = BigInt((await set.claim(1, 60_000)).token)
    expect(token > now - 60_000_000n && token < now + 60_000_000n).toBe(true)
  })
})

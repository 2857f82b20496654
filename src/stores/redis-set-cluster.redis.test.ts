import { Cluster, Redis } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { freePort } from '../../services/free-port.ts'
import { allOf } from '../testing/ids-set-under-test.ts'
import { testIdsSet } from '../../test/contracts/ids-set.ts'
import { type OwnRedis, ownRedis } from '../../test/contracts/own-redis.ts'
import { passInRedis } from '../../test/contracts/pass-in-redis.ts'
import { serviceTimeout } from '../../test/support/service-url.ts'
import type { RedisClient } from './redis-client.ts'
import { RedisSet } from './redis-set.ts'

const lease = 60_000
const range = (length: number): string[] => Array.from({ length }, (_, at) => String(at))

describe('RedisSet in a cluster', () => {
  let redis: OwnRedis
  let io: Cluster
  let node: ReturnType<typeof createCluster>
  let inspector: Redis
  let keys = 0

  beforeAll(async () => {
    redis = await ownRedis({
      'cluster-enabled': 'yes',
      'cluster-announce-ip': '127.0.0.1',
      // Else it is the port plus 10,000, which may be more than there are.
      'cluster-port': String(await freePort()),
    })
    await redis.admin('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await vi.waitUntil(
      async () => String(await redis.admin('CLUSTER', 'INFO')).includes('cluster_state:ok'),
      10_000,
    )
    io = new Cluster([{ host: '127.0.0.1', port: redis.port }])
    inspector = new Redis(redis.url)
    node = createCluster({ rootNodes: [{ url: redis.url }] })
    await node.connect()
  }, serviceTimeout)

  afterAll(() => {
    io.disconnect()
    inspector.disconnect()
    node.destroy()
    return redis.stop()
  })

  testIdsSet('RedisSet in a cluster, on ioredis and node-redis', {
    runs: 100,
    make: (options) => {
      const key = `books ${++keys}`
      return {
        set: new RedisSet({ client: io, key, ...options }),
        other: new RedisSet({ client: node, key, ...options }),
        pass: (ms) => passInRedis(inspector, key, ms),
      }
    },
  })

  async function use(client: RedisClient, key: string): Promise<void> {
    const set = new RedisSet({ client, key })
    await set.add(range(2_500))
    const claim = await set.claim(1_500, lease)
    await set.add(claim.ids.slice(0, 10))
    await set.claim(2_500, lease)
    expect(await set.renew(claim, lease)).toBe(true)
    await set.release({ ...claim, ids: claim.ids.slice(5, 20) })
    await set.acknowledge(claim)
    expect((await allOf(set)).length).toBe(20)
    await set.delete(range(2_500))
    expect(await allOf(set)).toEqual([])
  }

  test.each(['books', 'shop:{books}', 'a{b'])(
    'every key of "%s" lies in one slot, with each client',
    async (key) => {
      await use(io, `${key}1`)
      await use(node, `${key}2`)
    },
  )

  test('where a keyPrefix tears the keys apart, the error says so', async () => {
    const prefixed = new Cluster([{ host: '127.0.0.1', port: redis.port }], { keyPrefix: 'app:' })
    await expect(new RedisSet({ client: prefixed, key: 'books' }).add(['a'])).rejects.toMatchObject({
      message: expect.stringContaining('hash tag'),
    })
    await use(prefixed, '{books}')
    prefixed.disconnect()
  })
})

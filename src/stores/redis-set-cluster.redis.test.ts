import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { freePort } from '../../services/free-port.ts'
import { allOf } from '../../test/contracts/ids-set-under-test.ts'
import { type OwnRedis, ownRedis } from '../../test/contracts/own-redis.ts'
import { serviceTimeout } from '../../test/support/service-url.ts'
import type { RedisClient } from './redis-client.ts'
import { RedisSet } from './redis-set.ts'

const lease = 60_000
const range = (length: number): string[] => Array.from({ length }, (_, at) => String(at))

describe('RedisSet in a cluster', () => {
  let redis: OwnRedis

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
  }, serviceTimeout)

  afterAll(() => redis.stop())

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
      const io = new Cluster([{ host: '127.0.0.1', port: redis.port }])
      await use(io, `${key}1`)
      io.disconnect()
      const node = createCluster({ rootNodes: [{ url: redis.url }] })
      await node.connect()
      await use(node, `${key}2`)
      node.destroy()
    },
  )

  test('where a keyPrefix tears the keys apart, the error says so', async () => {
    const io = new Cluster([{ host: '127.0.0.1', port: redis.port }], { keyPrefix: 'app:' })
    await expect(new RedisSet({ client: io, key: 'books' }).add(['a'])).rejects.toMatchObject({
      message: expect.stringContaining('hash tag'),
    })
    await use(io, '{books}')
    io.disconnect()
  })
})

import { expect, test } from 'vitest'
import { addersAndClaimers } from '../../test/contracts/adders-and-claimers.ts'
import { testRedis } from '../../test/support/redis.ts'
import { RedisSet } from './redis-set.ts'

const redis = testRedis()

test('adders and claimers over two connections lose nothing and hold nothing twice', async () => {
  const key = `${redis.prefix}{stress}`
  const connections = [await redis.ioRedis(), await redis.nodeRedis()]
  const report = await addersAndClaimers({
    setOf: (worker) => new RedisSet({ client: connections[worker % 2]!, key }),
    leaseMs: 250,
    ids: 300,
    bursts: 200,
  })
  expect(report).toMatchObject({ heldTwice: 0, olderTokens: 0, lost: [] })
  for (const seen of [report.crashes, report.sleepers, report.failures, report.retries]) {
    expect(seen).toBeGreaterThan(0)
  }
  expect(await redis.keys()).toEqual([`${key}:sequence`])
}, 180_000)

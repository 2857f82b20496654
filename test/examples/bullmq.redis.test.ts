import { Queue } from 'bullmq'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { requestBuilds, serveBuilds } from '../../examples/two-workers-bullmq-redis/build-requests.ts'
import { testRedis } from '../support/redis.ts'
import { serviceTimeout, serviceUrl } from '../support/service-url.ts'
import { testBuildRequests } from './build-requests.ts'
import { expectEqualReplica } from './expect-equal-replica.ts'

const redis = testRedis()
let postgres = ''
let queues = 0

beforeAll(async () => {
  postgres = await serviceUrl('postgres')
}, serviceTimeout)

describe('build requests over BullMQ', () => {
  testBuildRequests(async () => {
    // BullMQ allows no colon in the name of a queue, but in the prefix of its keys.
    const name = `${redis.prefix.replaceAll(':', '_')}${(queues += 1)}`
    const connection = { url: redis.url }
    const queue = new Queue(name, { connection })
    onTestFinished(async () => {
      await queue.obliterate({ force: true })
      await queue.close()
    })
    return {
      request: requestBuilds(queue, 100),
      serve: (aggregator, options) => serveBuilds(name, connection, aggregator, options),
    }
  })
})

test('the example of two processes with BullMQ and Redis ends with a replica that is equal, and leaves nothing on the servers', async () => {
  const shop = await expectEqualReplica('two-workers-bullmq-redis', postgres, { TEST_REDIS_URL: redis.url })
  const client = await redis.nodeRedis()
  for await (const keys of client.scanIterator({ MATCH: `*${shop}*` })) expect(keys).toEqual([])
}, 120_000)

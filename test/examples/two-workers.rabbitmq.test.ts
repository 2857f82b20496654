import { beforeAll, expect, test } from 'vitest'
import { testRabbitmq } from '../support/rabbitmq.ts'
import { testRedis } from '../support/redis.ts'
import { serviceTimeout, serviceUrl } from '../support/service-url.ts'
import { expectEqualReplica } from './expect-equal-replica.ts'
import { runExample } from './run-example.ts'

const redis = testRedis()
const rabbitmq = testRabbitmq()
let postgres = ''

beforeAll(async () => {
  postgres = await serviceUrl('postgres')
}, serviceTimeout)

test('the example of two processes with RabbitMQ and Redis ends with a replica that is equal, and leaves nothing on the servers', async () => {
  const shop = await expectEqualReplica('two-workers-rabbitmq-redis', postgres, {
    TEST_REDIS_URL: redis.url,
    TEST_RABBITMQ_URL: rabbitmq.url,
  })
  const client = await redis.nodeRedis()
  for await (const keys of client.scanIterator({ MATCH: `*${shop}*` })) expect(keys).toEqual([])
}, 120_000)

test('an example says why it fails, with exit code 1', async () => {
  const nowhere = { TEST_POSTGRES_URL: postgres, TEST_REDIS_URL: 'redis://127.0.0.1:1' }
  const failure = await runExample('two-workers-rabbitmq-redis', nowhere).catch((error: unknown) => error)
  expect(failure).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/The example has failed: No redis at TEST_REDIS_URL/),
  })
}, 60_000)

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { askPostgres } from '../support/left-behind.ts'
import { testRabbitmq } from '../support/rabbitmq.ts'
import { testRedis } from '../support/redis.ts'
import { serviceTimeout, serviceUrl } from '../support/service-url.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

const redis = testRedis()
const rabbitmq = testRabbitmq()
let postgres = ''

beforeAll(async () => {
  postgres = await serviceUrl('postgres')
}, serviceTimeout)

test('the example of two processes ends with a replica that is equal, and leaves nothing on the servers', async () => {
  const example = ['--import', 'tsx', 'examples/two-workers-rabbitmq-redis/main.ts']
  // Rejects where the exit code is not 0.
  const { stdout, stderr } = await run(process.execPath, example, {
    cwd: root,
    env: {
      ...process.env,
      TEST_POSTGRES_URL: postgres,
      TEST_REDIS_URL: redis.url,
      TEST_RABBITMQ_URL: rabbitmq.url,
    },
  })
  expect(stdout).toMatch(/builder: 20 upserted, 0 deleted/)
  expect(stdout).toMatch(/builder: 19 upserted, 1 deleted/)
  expect(stdout).toMatch(/handler: asked for builds \d+ times\n\nEQUAL: .*\n$/)
  expect(stderr).toBe('')
  // 522 transactions would have been as many builds.
  expect(stdout.match(/builder: /g)!.length).toBeLessThan(200)

  expect(
    await askPostgres(postgres, `select count(*)::int from pg_database where datname like 'bookshop%'`),
  ).toBe(0)
  expect(
    await askPostgres(
      postgres,
      `select count(*)::int from pg_replication_slots where slot_name like 'bookshop%'`,
    ),
  ).toBe(0)
  const client = await redis.nodeRedis()
  for await (const keys of client.scanIterator({ MATCH: '*bookshop*' })) expect(keys).toEqual([])
}, 120_000)

test('the example says why it fails, with exit code 1', async () => {
  const example = ['--import', 'tsx', 'examples/two-workers-rabbitmq-redis/main.ts']
  const nowhere = { ...process.env, TEST_POSTGRES_URL: postgres, TEST_REDIS_URL: 'redis://127.0.0.1:1' }
  const failure = await run(process.execPath, example, { cwd: root, env: nowhere }).catch(
    (error: unknown) => error,
  )
  expect(failure).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/The example has failed: No redis at TEST_REDIS_URL/),
  })
}, 60_000)

import { Capture, EventAggregator, RedisSet } from 'pg-capture'
import { rabbitmqScheduler } from 'pg-capture/schedulers/rabbitmq'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import pg from 'pg'
import { createClient } from 'redis'
import { book } from '../stage/bookshop.ts'
import { endWithParent } from '../stage/end-with-parent.ts'
import { setting } from '../stage/setting.ts'
import { QueueConnection } from './queue-connection.ts'

// The first process: it takes row events, puts the ids of the books that they change into Redis, and asks for a build through
// RabbitMQ. It never builds.

endWithParent()
const { DATABASE_URL, REDIS_URL, RABBITMQ_URL, SHOP } = setting(
  'DATABASE_URL',
  'REDIS_URL',
  'RABBITMQ_URL',
  'SHOP',
)

const pool = new pg.Pool({ connectionString: DATABASE_URL })
const redis = createClient({ url: REDIS_URL })
const queue = new QueueConnection(RABBITMQ_URL)

pool.on('error', tell)
redis.on('error', tell)
await redis.connect()

let requests = 0
const requestBuild = rabbitmqScheduler({
  openChannel: async () => (await queue.get()).createConfirmChannel(),
  queue: `${SHOP}.build`,
  delayMs: 100,
})

const aggregator = new EventAggregator({
  schema: book,
  client: pool,
  idsSet: new RedisSet({ client: redis, key: `${SHOP}:pending` }),
  scheduleBuildObjects: async () => {
    await requestBuild()
    requests += 1
  },
})

const capture = new Capture({
  source: new PgoutputSource({ connection: DATABASE_URL, slot: SHOP, publication: SHOP }),
  aggregators: [aggregator],
  onError: tell,
})

process.once('SIGTERM', () => void capture.stop())
await capture.run()

await queue.close()
await redis.close()
await pool.end()
console.log(`  handler: asked for builds ${requests} times`)
process.exit()

function tell(error: unknown): void {
  console.error('  handler:', error instanceof Error ? error.message : error)
}

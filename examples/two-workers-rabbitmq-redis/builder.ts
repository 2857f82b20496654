import { EventAggregator, RedisSet } from 'pg-capture'
import { consumeBuilds } from 'pg-capture/schedulers/rabbitmq'
import pg from 'pg'
import { createClient } from 'redis'
import { book } from '../stage/bookshop.ts'
import { endWithParent } from '../stage/end-with-parent.ts'
import { setting } from '../stage/setting.ts'
import { QueueConnection } from './queue-connection.ts'

// The second process: it waits for requests, builds the books whose ids are pending, and keeps them in a hash in Redis, as an
// application would keep them in its cache or search index. Start as many of it as you like.

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

const aggregator = new EventAggregator({
  schema: book,
  client: pool,
  idsSet: new RedisSet({ client: redis, key: `${SHOP}:pending` }),
  onChange: async ({ upsert, delete: deleted }) => {
    for (const { id, object } of upsert) await redis.hSet(`${SHOP}:books`, id, JSON.stringify(object))
    for (const id of deleted) await redis.hDel(`${SHOP}:books`, id)
    console.log(`  builder: ${described('upserted', upsert)}, ${described('deleted', deleted)}`)
  },
})

const consumer = consumeBuilds({
  openChannel: async () => (await queue.get()).createChannel(),
  queue: `${SHOP}.build`,
  aggregator,
  onError: tell,
})

process.once('SIGTERM', () => void stop())

async function stop(): Promise<void> {
  await consumer.stop()
  await queue.close()
  await redis.close()
  await pool.end()
  process.exit()
}

function described(what: string, list: readonly unknown[]): string {
  return `${list.length} ${what}`
}

function tell(error: unknown): void {
  console.error('  builder:', error instanceof Error ? error.message : error)
}

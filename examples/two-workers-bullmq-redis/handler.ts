import { Queue } from 'bullmq'
import { Capture, EventAggregator, RedisSet } from 'pg-capture'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import pg from 'pg'
import { Redis } from 'ioredis'
import { book } from '../stage/bookshop.ts'
import { endWithParent } from '../stage/end-with-parent.ts'
import { setting } from '../stage/setting.ts'
import { requestBuilds } from './build-requests.ts'

// The first process: it takes row events, puts the ids of the books that they change into Redis, and asks for a build through
// BullMQ. It never builds.

endWithParent()
const { DATABASE_URL, REDIS_URL, SHOP } = setting('DATABASE_URL', 'REDIS_URL', 'SHOP')

const pool = new pg.Pool({ connectionString: DATABASE_URL }).on('error', tell)
const redis = new Redis(REDIS_URL).on('error', tell)
const queue = new Queue(SHOP, { connection: { url: REDIS_URL } })
queue.on('error', tell)

const requestBuild = requestBuilds(queue, 100)
let requests = 0

const capture = new Capture({
  source: new PgoutputSource({ connection: DATABASE_URL, slot: SHOP, publication: SHOP }),
  aggregators: [
    new EventAggregator({
      schema: book,
      client: pool,
      idsSet: new RedisSet({ client: redis, key: `${SHOP}:pending` }),
      scheduleBuildObjects: async () => {
        await requestBuild()
        requests += 1
      },
    }),
  ],
  onError: tell,
})

process.once('SIGTERM', () => void capture.stop())
await capture.run()

await queue.close()
await redis.quit()
await pool.end()
console.log(`  handler: asked for builds ${requests} times`)
process.exit()

function tell(error: unknown): void {
  console.error('  handler:', error instanceof Error ? error.message : error)
}

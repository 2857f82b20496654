import { EventAggregator, RedisSet } from 'pg-capture'
import pg from 'pg'
import { Redis } from 'ioredis'
import { book } from '../stage/bookshop.ts'
import { endWithParent } from '../stage/end-with-parent.ts'
import { setting } from '../stage/setting.ts'
import { serveBuilds } from './build-requests.ts'

// The second process: it builds the books whose ids are pending, and keeps them in a hash in Redis. Start as many as you like.

endWithParent()
const { DATABASE_URL, REDIS_URL, SHOP } = setting('DATABASE_URL', 'REDIS_URL', 'SHOP')

const pool = new pg.Pool({ connectionString: DATABASE_URL }).on('error', tell)
const redis = new Redis(REDIS_URL).on('error', tell)

const aggregator = new EventAggregator({
  schema: book,
  client: pool,
  idsSet: new RedisSet({ client: redis, key: `${SHOP}:pending` }),
  onChange: async ({ upsert, delete: deleted }) => {
    for (const { id, object } of upsert) await redis.hset(`${SHOP}:books`, id, JSON.stringify(object))
    if (deleted.length > 0) await redis.hdel(`${SHOP}:books`, ...deleted)
    console.log(`  builder: ${upsert.length} upserted, ${deleted.length} deleted`)
  },
})

const builds = serveBuilds(SHOP, { url: REDIS_URL }, aggregator, { onError: tell })

process.once('SIGTERM', () => void stop())

async function stop(): Promise<void> {
  await builds.stop()
  await redis.quit()
  await pool.end()
  process.exit()
}

function tell(error: unknown): void {
  console.error('  builder:', error instanceof Error ? error.message : error)
}

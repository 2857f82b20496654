import { EventAggregator } from 'pg-capture'
import { PostgresSet } from 'pg-capture/stores/postgres-set'
import pg from 'pg'
import { book } from '../stage/bookshop.ts'
import { endWithParent } from '../stage/end-with-parent.ts'
import { setting } from '../stage/setting.ts'
import { serveBuilds } from './build-requests.ts'

// The second process: it builds the books whose ids are pending, and keeps them in a table. Start as many as you like.

endWithParent()
const { DATABASE_URL } = setting('DATABASE_URL')

const pool = new pg.Pool({ connectionString: DATABASE_URL }).on('error', tell)
const idsSet = new PostgresSet({ client: pool, table: 'pg_capture_pending' })
await idsSet.migrate()

const aggregator = new EventAggregator({
  schema: book,
  client: pool,
  idsSet,
  onChange: async ({ upsert, delete: deleted }) => {
    await pool.query(
      `INSERT INTO kept_book SELECT id, object FROM json_to_recordset($1) AS new (id text, object json)
       ON CONFLICT (id) DO UPDATE SET object = excluded.object`,
      [JSON.stringify(upsert)],
    )
    await pool.query('DELETE FROM kept_book WHERE id = ANY ($1)', [deleted])
    console.log(`  builder: ${upsert.length} upserted, ${deleted.length} deleted`)
  },
})

const builds = await serveBuilds(DATABASE_URL, 'build-books', aggregator, { onError: tell })

process.once('SIGTERM', () => void stop())

async function stop(): Promise<void> {
  await builds.stop()
  await pool.end()
  process.exit()
}

function tell(error: unknown): void {
  console.error('  builder:', error instanceof Error ? error.message : error)
}

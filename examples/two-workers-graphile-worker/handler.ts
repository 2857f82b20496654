import { makeWorkerUtils } from 'graphile-worker'
import { Capture, EventAggregator } from 'pg-capture'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import { PostgresSet } from 'pg-capture/stores/postgres-set'
import pg from 'pg'
import { book } from '../stage/bookshop.ts'
import { endWithParent } from '../stage/end-with-parent.ts'
import { setting } from '../stage/setting.ts'
import { requestBuilds } from './build-requests.ts'

// The first process: it takes row events, puts the ids of the books that they change into a table, and asks for a build through
// graphile-worker. It never builds.

endWithParent()
const { DATABASE_URL, SHOP } = setting('DATABASE_URL', 'SHOP')

const pool = new pg.Pool({ connectionString: DATABASE_URL }).on('error', tell)
const idsSet = new PostgresSet({ client: pool, table: 'pg_capture_pending' })
const utils = await makeWorkerUtils({ connectionString: DATABASE_URL })
await idsSet.migrate()
await utils.migrate()

const requestBuild = requestBuilds(utils, 'build-books', 100)
let requests = 0

const capture = new Capture({
  source: new PgoutputSource({ connection: DATABASE_URL, slot: SHOP, publication: SHOP }),
  aggregators: [
    new EventAggregator({
      schema: book,
      client: pool,
      idsSet,
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

await utils.release()
await pool.end()
console.log(`  handler: asked for builds ${requests} times`)
process.exit()

function tell(error: unknown): void {
  console.error('  handler:', error instanceof Error ? error.message : error)
}

import type { TableReference } from '../core/events/table-name.ts'
import { quoteLiteral } from '../core/sql/identifier.ts'
import { defaultTable, postgresSetTable } from './postgres-set-table.ts'

export interface PostgresSetMigrationOptions {
  /** `'pg_capture_pending'` by default. Any number of sets share one table. */
  table?: TableReference | undefined
  /** An `UNLOGGED` table: less WAL, and empty after a crash of the server. The set is then not durable. */
  unlogged?: boolean | undefined
}

/**
 * The SQL that makes what a `PostgresSet` needs, for your migrations: a table, three indexes and a sequence. Running it
 * again changes nothing.
 *
 * @example
 * ```ts
 * await writeFile('migrations/7_pg_capture.sql', postgresSetMigration({ table: 'pg_capture_pending' }))
 * ```
 */
export function postgresSetMigration(options: PostgresSetMigrationOptions = {}): string {
  const names = postgresSetTable(options.table ?? defaultTable)
  const { table, sequence, claimableIndex, flightsIndex, failingIndex } = names
  return `-- Two at a time would fail, in spite of IF NOT EXISTS.
SELECT pg_advisory_xact_lock(hashtext(${quoteLiteral(table).trim()}));

CREATE ${options.unlogged === true ? 'UNLOGGED ' : ''}TABLE IF NOT EXISTS ${table} (
  "set" text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  full_id text, -- where the id is longer than an index takes
  place bigint, -- in the queue; NULL: not pending
  again bigint, -- the place for later of what was added during its flight
  pending_since timestamptz, -- when it got its place, or the one for later
  token bigint, -- of the claim that holds it; NULL: not in flight
  lease_ends timestamptz,
  retry_at timestamptz, -- when it may be tried again; 'infinity': parked; NULL: it does not wait
  attempts integer NOT NULL DEFAULT 0, -- that failed
  failing_since timestamptz,
  error text, -- of the last attempt
  PRIMARY KEY (id, "set"),
  CHECK ((token IS NULL) = (lease_ends IS NULL))
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

CREATE INDEX IF NOT EXISTS ${claimableIndex} ON ${table} ("set", place);

CREATE INDEX IF NOT EXISTS ${flightsIndex} ON ${table} ("set", lease_ends) WHERE token IS NOT NULL;

CREATE INDEX IF NOT EXISTS ${failingIndex} ON ${table} ("set", retry_at, id) WHERE retry_at IS NOT NULL;

CREATE SEQUENCE IF NOT EXISTS ${sequence};
`
}

import type { RequiredTable } from '../required-table.ts'
import type { Connection } from '../connection.ts'
import type { ReplicaIdentity } from '../message.ts'

/** What the server's catalogs say that matters for capturing. */
export interface DatabaseFacts {
  /** As `server_version_num`: 150018. */
  readonly version: number
  readonly walLevel: string
  readonly database: string
  readonly user: string
  /** How far the server has written its WAL to disk, or has replayed it; null where a standby has not begun to. */
  readonly walEnd: string | null
  readonly slot: SlotFacts | null
  readonly publication: PublicationFacts | null
  readonly tables: readonly TableFacts[]
}

export interface SlotFacts {
  readonly plugin: string | null
  readonly slot_type: string
  readonly database: string | null
  readonly temporary: boolean
  readonly wal_status: string | null
  readonly confirmed_flush_lsn: string | null
}

export interface PublicationFacts {
  readonly puballtables: boolean
  readonly pubinsert: boolean
  readonly pubupdate: boolean
  readonly pubdelete: boolean
  readonly pubtruncate: boolean
  readonly pubviaroot: boolean
}

/** One required table. */
export interface TableFacts {
  readonly schema: string
  readonly table: string
  /** `pg_class.relkind`; null where there is no such table. */
  readonly kind: string | null
  readonly isUnlogged: boolean | null
  readonly isPartition: boolean | null
  /** All but generated ones. */
  readonly columns: readonly string[]
  readonly isPublished: boolean
  /** Columns of the publication; null where the server (before 15) knows no column lists. */
  readonly publishedColumns: readonly string[] | null
  readonly hasRowFilter: boolean
  /** The table and, where it is partitioned, every partition that holds rows. */
  readonly storage: readonly StorageFacts[]
  /** Tables that inherit from it without being partitions. */
  readonly heirs: readonly string[]
}

export interface StorageFacts {
  readonly schema: string
  readonly table: string
  readonly identity: ReplicaIdentity
  readonly identityColumns: readonly string[]
}

// Catalogs differ between versions: rows as jsonb have the columns that there are.
const FACTS = `
  WITH required AS (
    SELECT r.schema, r."table", c.oid, c.relkind, c.relpersistence, c.relispartition
    FROM json_to_recordset($3::json) AS r(schema text, "table" text)
    LEFT JOIN pg_namespace n ON n.nspname::text = r.schema
    LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname::text = r."table" AND c.relkind NOT IN ('i', 'I', 'S', 't', 'c')
  )
  SELECT json_build_object(
    'version', current_setting('server_version_num')::int,
    'walLevel', current_setting('wal_level'),
    'database', current_database(),
    'user', current_user,
    'walEnd', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END,
    'slot', (SELECT to_jsonb(s) FROM pg_replication_slots s WHERE s.slot_name::text = $1),
    'publication', (SELECT to_jsonb(p) FROM pg_publication p WHERE p.pubname::text = $2),
    'tables', (SELECT coalesce(json_agg(json_build_object(
      'schema', r.schema,
      'table', r."table",
      'kind', r.relkind,
      'isUnlogged', r.relpersistence <> 'p',
      'isPartition', r.relispartition,
      'columns', (
        SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a
        WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      ),
      'isPublished', t.published IS NOT NULL,
      'publishedColumns', t.published -> 'attnames',
      'hasRowFilter', coalesce(t.published ->> 'rowfilter', '') <> '',
      'storage', (
        SELECT coalesce(json_agg(json_build_object(
          'schema', n.nspname,
          'table', c.relname,
          'identity', c.relreplident,
          'identityColumns', (
            SELECT coalesce(json_agg(a.attname), '[]')
            FROM pg_index i
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
            WHERE i.indrelid = c.oid AND i.indimmediate AND i.indisvalid
              AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' THEN i.indisreplident ELSE false END
          )
        ) ORDER BY s.level, c.relname), '[]')
        FROM (
          SELECT p.relid, p.level FROM pg_partition_tree(r.oid) p WHERE p.isleaf OR p.level = 0
          UNION SELECT r.oid, 0
        ) s
        JOIN pg_class c ON c.oid = s.relid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p')
      ),
      'heirs', (
        SELECT coalesce(json_agg(c.relname ORDER BY c.relname), '[]')
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = r.oid AND NOT c.relispartition
      )
    )), '[]')
    FROM required r
    LEFT JOIN LATERAL (
      SELECT to_jsonb(t) AS published FROM pg_publication_tables t
      WHERE t.pubname::text = $2 AND t.schemaname::text = r.schema AND t.tablename::text = r."table"
    ) t ON true)
  ) AS facts`

export async function readDatabaseFacts(
  connection: Connection,
  slot: string,
  publication: string,
  required: readonly RequiredTable[],
): Promise<DatabaseFacts> {
  const tables = required.map(({ schema, table }) => ({ schema, table }))
  const [row] = await connection.query(FACTS, [slot, publication, JSON.stringify(tables)])
  return JSON.parse(row?.['facts'] ?? 'null') as DatabaseFacts
}

import { CaptureError } from '../errors/capture-error.ts'
import type { QueryClient } from '../sql/client.ts'

/**
 * The number of transactions that are complete in the statement's own snapshot. The sets of complete transactions of two
 * snapshots are nested, so their sizes order the snapshots; xmax alone, or a WAL position, does not.
 */
export const SNAPSHOT_VERSION: string =
  '(SELECT pg_snapshot_xmax("snapshot")::text::bigint - (SELECT COUNT(*) FROM pg_snapshot_xip("snapshot"))' +
  ' FROM pg_current_snapshot() AS "snapshot")'

/** The version that objects have which are read now. */
export async function readVersion(client: QueryClient): Promise<bigint> {
  const { rows } = await client.query(`SELECT ${SNAPSHOT_VERSION}::text AS "version"`, [])
  const { version } = Object(rows[0]) as { version?: unknown }
  if (typeof version === 'string') return BigInt(version)
  throw new CaptureError(
    'CLIENT_RESULT_INVALID',
    'The client gave no text for the column "version" that was asked for. Pass a client whose query(text, values) resolves to ' +
      '{ rows } with one object per row.',
  )
}

import { parseTableName, type TableReference } from './table-name.ts'
import type { WALEvent } from './wal-event.ts'

/**
 * The events under other names of their tables: those of partitions under the name of their partitioned table, where a
 * source names the partitions. A new name without a Postgres schema stays in that of the event.
 *
 * @example
 * ```ts
 * // book_2026_01, book_2026_02 and so on are partitions of book
 * const events = renameTables(wal2jsonEvents(message), ({ schema, table }) => ({
 *   schema,
 *   table: table.replace(/^book_\d{4}_\d{2}$/, 'book'),
 * }))
 * await aggregator.handleEvents(events)
 * ```
 */
export function renameTables(
  events: readonly WALEvent[],
  rename: (name: { readonly schema: string; readonly table: string }) => TableReference,
): WALEvent[] {
  return events.map((event) => {
    const { schema = 'public', table } = parseTableName(event.table, event.schema)
    const renamed = parseTableName(rename({ schema, table }))
    return { ...event, schema: renamed.schema ?? schema, table: renamed.table }
  })
}

import type { TableName } from '../events/table-name.ts'
import { quoteIdentifier, quoteTable } from './identifier.ts'

/**
 * `$1` as an array of the type of a column, without knowing the type: `COALESCE` gives all its arguments one type, and an
 * unknown one takes that of the others. Postgres drops the sub-select when it plans, as `$1` is never null.
 *
 * @example
 * ```ts
 * arrayParameterLike({ schema: undefined, table: 'book' }, 'id')
 * // COALESCE($1, ARRAY(SELECT "id" FROM "book" LIMIT 0))
 * ```
 */
export function arrayParameterLike(table: TableName, column: string): string {
  return `COALESCE($1, ARRAY(SELECT ${quoteIdentifier(column)} FROM ${quoteTable(table)} LIMIT 0))`
}

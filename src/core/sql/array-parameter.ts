import type { TableName } from '../events/table-name.ts'
import { sql } from './fragment.ts'
import { quoteIdentifier, quoteTable } from './identifier.ts'
import type { Parameter, SqlParts } from './query-builder.ts'

/**
 * A parameter as an array of the type of a column, without knowing the type: `COALESCE` gives all its arguments one type, and
 * an unknown one takes that of the others. Postgres drops the sub-select when it plans, as the parameter is never null.
 *
 * @example
 * ```ts
 * arrayParameterLike({ schema: undefined, table: 'book' }, 'id', ids)
 * // COALESCE($1, ARRAY(SELECT "id" FROM "book" WHERE FALSE))
 * ```
 */
export function arrayParameterLike(table: TableName, column: string, parameter: Parameter): SqlParts {
  return sql`COALESCE(${[parameter]}, ARRAY(SELECT ${quoteIdentifier(column)} FROM ${quoteTable(table)} WHERE FALSE))`
}

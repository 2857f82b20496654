import type { TableName } from '../events/table-name.ts'
import { quoteIdentifier, quoteTable } from './identifier.ts'

/**
 * An expression in the type and the collation in which a column is compared with it, without a look into the catalogue. Postgres sees no
 * column in it, also where it is one.
 *
 * @example
 * ```ts
 * asColumn({ schema: undefined, table: 'book' }, 'id', '"review_1"."bookId"')
 * // COALESCE((SELECT "id" FROM "book" WHERE FALSE), "review_1"."bookId")
 * ```
 */
export function asColumn(table: TableName, column: string, expression: string): string {
  return `COALESCE((SELECT ${quoteIdentifier(column)} FROM ${quoteTable(table)} WHERE FALSE), ${expression})`
}

import { joinSql, sql } from './fragment.ts'
import type { SqlParts } from './query-builder.ts'

/**
 * The condition that columns hold one of many keys, of which each array has a column. An array that is a sub-select stands in
 * another expression: right after ANY it would be taken for rows.
 *
 * ```sql
 * "book_1"."authorId" = ANY($1)
 * ("line_1"."order", "line_1"."number") IN (SELECT * FROM UNNEST($1, $2))
 * ```
 */
export function isAmong(columns: readonly string[], arrays: readonly SqlParts[]): SqlParts {
  const all = joinSql(arrays, ', ')
  return columns.length === 1
    ? sql`${columns.join('')} = ANY(${all})`
    : sql`(${columns.join(', ')}) IN (SELECT * FROM UNNEST(${all}))`
}

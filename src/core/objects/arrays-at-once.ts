import { filterSql } from '../schema/filter.ts'
import type { TableNode } from '../schema/plan.ts'
import { asColumn } from '../sql/as-column.ts'
import { sql } from '../sql/fragment.ts'
import { quoteIdentifier, quoteTable } from '../sql/identifier.ts'
import type { SqlParts } from '../sql/query-builder.ts'
import type { Reach } from './reach.ts'
import { joinedColumn, linkOf } from './row-condition.ts'

/** Rows of a node, and the list that is made of those of one parent. */
export interface ListedRows {
  readonly node: TableNode
  readonly alias: string
  readonly joins: SqlParts
  readonly list: SqlParts
}

/**
 * The arrays of all parents in reach, as a grouped sub-query to join to the parent's row. For many parents Postgres so reads the
 * children by a join instead of one look-up after the other.
 *
 * ```sql
 *  LEFT JOIN (SELECT COALESCE((SELECT "id" FROM "book" WHERE FALSE), "review_1"."bookId") AS "key", JSON_AGG(…) AS "list"
 *    FROM "review" AS "review_1" WHERE "review_1"."bookId" = ANY(ids) GROUP BY 1) AS "review_2" ON "book_1"."id" = "review_2"."key"
 * ```
 */
export function arraysAtOnce(
  { node, alias, joins, list }: ListedRows,
  reach: Reach,
  arraysAlias: string,
  parentAlias: string,
): SqlParts {
  const { pairs, parent } = linkOf(node)
  const links = pairs.map((pair, index) => {
    const child = `${alias}.${quoteIdentifier(pair.child)}`
    const name = quoteIdentifier(index === 0 ? 'key' : `key${index + 1}`)
    // One row for each parent: what is equal for the link has to be one group.
    return {
      child,
      key: `${asColumn(parent.table, pair.parent, child)} AS ${name}`,
      on: `${joinedColumn(node, parentAlias, pair.parent)} = ${arraysAlias}.${name}`,
    }
  })
  const isReached = reach(
    links.map(({ child }) => child),
    pairs.map((pair) => pair.parent),
  )
  const condition = node.filter === null ? isReached : sql`${isReached} AND ${filterSql(node.filter, alias)}`
  const keys = links.map(({ key }) => key).join(', ')
  const rows = sql`FROM ${quoteTable(node.table)} AS ${alias}${joins} WHERE ${condition}`
  const groups = links.map((_, index) => index + 1).join(', ')
  const on = links.map((link) => link.on).join(' AND ')
  return sql` LEFT JOIN (SELECT ${keys}, ${list} AS "list" ${rows} GROUP BY ${groups}) AS ${arraysAlias} ON ${on}`
}

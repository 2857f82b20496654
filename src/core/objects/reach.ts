import { filterSql } from '../schema/filter.ts'
import type { Plan, TableNode } from '../schema/plan.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import { quoteIdentifier, quoteTable } from '../sql/identifier.ts'
import type { SqlParts } from '../sql/query-builder.ts'
import type { TableAliases } from '../sql/table-aliases.ts'
import { linkOf } from './row-condition.ts'

/** The condition that columns hold an id that was asked for, the columns in the order of the primary key. */
export type IsAsked = (columns: readonly string[]) => SqlParts

/**
 * What of a table the objects asked for can need, as the condition on rows that hang on such a place: `columns` of theirs are
 * equal to the `parents` of it.
 *
 * ```sql
 * "review_1"."bookId" = ANY(ids)     -- hangs on a root
 * "vote_1"."reviewId" IN (SELECT "review_2"."id" FROM "review" AS "review_2" WHERE "review_2"."bookId" = ANY(ids))
 * ```
 */
export type Reach = (columns: readonly string[], parents: readonly string[]) => SqlParts

export function reachOfRoot({ root, primaryKey }: Plan, isAsked: IsAsked, aliases: TableAliases): Reach {
  const byRows = reachOfRows(root, aliases, (columnsOf) => isAsked(columnsOf(primaryKey)))
  return (columns, parents) => {
    const ofKey = primaryKey.map((name) => columns[parents.indexOf(name)])
    const isById = parents.length === primaryKey.length && ofKey.every((column) => column !== undefined)
    return isById ? isAsked(ofKey) : byRows(columns, parents)
  }
}

/** The reach of a place whose rows hang on those of another. */
export function reachBelow(above: Reach, node: TableNode, aliases: TableAliases): Reach {
  const { pairs } = linkOf(node)
  const parents = pairs.map(({ parent }) => parent)
  return reachOfRows(node, aliases, (columnsOf) => above(columnsOf(pairs.map(({ child }) => child)), parents))
}

function reachOfRows(
  node: TableNode,
  aliases: TableAliases,
  isNeeded: (columnsOf: (names: readonly string[]) => string[]) => SqlParts,
): Reach {
  return (columns, parents) => {
    const alias = aliases.next(node.table.table)
    const columnsOf = (names: readonly string[]): string[] =>
      names.map((name) => `${alias}.${quoteIdentifier(name)}`)
    const conditions = [isNeeded(columnsOf)]
    if (node.filter !== null) conditions.push(filterSql(node.filter, alias))
    const from = `FROM ${quoteTable(node.table)} AS ${alias}`
    return sql`(${columns.join(', ')}) IN (SELECT ${columnsOf(parents).join(', ')} ${from} WHERE ${joinSql(conditions, ' AND ')})`
  }
}

import { tableKey } from '../events/table-name.ts'
import { filterSql } from '../schema/filter.ts'
import type { Link, TableNode } from '../schema/plan.ts'
import { joinSql } from '../sql/fragment.ts'
import { quoteIdentifier, quoteTable } from '../sql/identifier.ts'
import type { SqlParts } from '../sql/query-builder.ts'

/** Which rows hang on the parent's and count: `"review_1"."bookId" = "book_1"."id" AND "review_1"."hidden" = $1`. */
export function rowCondition(node: TableNode, alias: string, parentAlias: string): SqlParts {
  return conditionOn(node, alias, (column) => `${parentAlias}.${quoteIdentifier(column)}`)
}

/**
 * The same for rows that are joined to the parent's.
 *
 * Postgres 18 removes a join of a table with itself by equal unique columns, and may lose a second equality of the two on the way:
 * a link of several columns back to a table. There the parent's columns are written so that it sees no equal columns.
 */
export function joinCondition(node: TableNode, alias: string, parentAlias: string): SqlParts {
  const { pairs, parent } = linkOf(node)
  if (pairs.length === 1 || !isAbove(node)) return rowCondition(node, alias, parentAlias)
  return conditionOn(node, alias, (name) => {
    const column = quoteIdentifier(name)
    return `COALESCE((SELECT ${column} FROM ${quoteTable(parent.table)} WHERE FALSE), ${parentAlias}.${column})`
  })
}

export function linkOf(node: TableNode): Link {
  if (node.link === null) throw new TypeError('The root of a plan hangs on nothing')
  return node.link
}

function conditionOn(node: TableNode, alias: string, ofParent: (column: string) => string): SqlParts {
  const links = linkOf(node).pairs.map(
    ({ child, parent }) => `${alias}.${quoteIdentifier(child)} = ${ofParent(parent)}`,
  )
  return joinSql(node.filter === null ? links : [...links, filterSql(node.filter, alias)], ' AND ')
}

/** Whether a place above is of the same table. */
function isAbove({ table, link }: TableNode): boolean {
  for (let above = link?.parent; above !== undefined; above = above.link?.parent) {
    if (tableKey(above.table) === tableKey(table)) return true
  }
  return false
}

import { tableKey } from '../events/table-name.ts'
import { filterColumns, filterSql } from '../schema/filter.ts'
import type { Link, TableNode } from '../schema/plan.ts'
import { asColumn } from '../sql/as-column.ts'
import { joinSql } from '../sql/fragment.ts'
import { quoteIdentifier } from '../sql/identifier.ts'
import type { SqlParts } from '../sql/query-builder.ts'

/** Which rows hang on the parent's and count: `"review_1"."bookId" = "book_1"."id" AND "review_1"."hidden" = $1`. */
export function rowCondition(node: TableNode, alias: string, parentAlias: string): SqlParts {
  return conditionOn(node, alias, (column) => `${parentAlias}.${quoteIdentifier(column)}`)
}

/**
 * The same for rows that are joined to the parent's.
 *
 * Postgres 18 removes a join of a table with itself by equal unique columns, and may lose a second equality of the two on the way:
 * a link of several columns back to a table. There the parent's columns are hidden.
 */
export function joinCondition(node: TableNode, alias: string, parentAlias: string): SqlParts {
  const { pairs, parent } = linkOf(node)
  if (pairs.length === 1 || !isAbove(node)) return rowCondition(node, alias, parentAlias)
  return conditionOn(node, alias, (column) => hiddenColumn(parent, parentAlias, column))
}

/**
 * A column of the parent's, as the rows of a node are joined to it that may be missing.
 *
 * Where a column is known to equal a constant, Postgres compares with that and leaves the columns' own equality out. From 16 on it may then join
 * what hangs on a missing row. So the columns of a row that may be missing itself are hidden where they can be known: from the row
 * above, or by a filter.
 */
export function joinedColumn(node: TableNode, parentAlias: string, column: string): string {
  const { pairs, parent } = linkOf(node)
  const isKnown = parent.link?.cardinality === 'one' && pairs.every((pair) => isKnowable(parent, pair.parent))
  return isKnown ? hiddenColumn(parent, parentAlias, column) : `${parentAlias}.${quoteIdentifier(column)}`
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

/** A column in whose place Postgres sees an expression of its type. */
function hiddenColumn({ table }: TableNode, alias: string, name: string): string {
  return asColumn(table, name, `${alias}.${quoteIdentifier(name)}`)
}

function isKnowable({ link, filter }: TableNode, column: string): boolean {
  return (
    link?.pairs.some(({ child }) => child === column) === true ||
    (filter !== null && filterColumns(filter).includes(column))
  )
}

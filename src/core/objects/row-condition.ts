import { filterSql } from '../schema/filter.ts'
import type { Link, TableNode } from '../schema/plan.ts'
import { joinSql } from '../sql/fragment.ts'
import { quoteIdentifier } from '../sql/identifier.ts'
import type { SqlParts } from '../sql/query-builder.ts'

/** Which rows hang on the parent's and count: `"review_1"."bookId" = "book_1"."id" AND "review_1"."hidden" = $1`. */
export function rowCondition(node: TableNode, alias: string, parentAlias: string): SqlParts {
  const links = linkOf(node).pairs.map(
    ({ child, parent }) => `${alias}.${quoteIdentifier(child)} = ${parentAlias}.${quoteIdentifier(parent)}`,
  )
  return joinSql(node.filter === null ? links : [...links, filterSql(node.filter, alias)], ' AND ')
}

export function linkOf(node: TableNode): Link {
  if (node.link === null) throw new TypeError('The root of a plan hangs on nothing')
  return node.link
}

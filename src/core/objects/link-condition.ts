import type { Link, TableNode } from '../schema/plan.ts'
import { quoteIdentifier } from '../sql/identifier.ts'

/** `"review_1"."bookId" = "book_1"."id"`, and so for each further pair of columns. */
export function linkCondition(node: TableNode, alias: string, parentAlias: string): string {
  return linkOf(node)
    .pairs.map(
      ({ child, parent }) => `${alias}.${quoteIdentifier(child)} = ${parentAlias}.${quoteIdentifier(parent)}`,
    )
    .join(' AND ')
}

export function linkOf(node: TableNode): Link {
  if (node.link === null) throw new TypeError('The root of a plan hangs on nothing')
  return node.link
}

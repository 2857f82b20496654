import type { TableNode } from '../schema/plan.ts'
import { quoteIdentifier } from '../sql/identifier.ts'

/**
 * The order of an array's elements, for ORDER BY: that of all columns read, compared as the bytes they are
 * (`record_image_ops`). Every type has this order, json too, and rows that are equal in all columns read give equal elements.
 * So equal data gives equal arrays.
 */
export function arrayOrder(places: readonly { readonly node: TableNode; readonly alias: string }[]): string {
  const columns = places.flatMap(({ node, alias }) =>
    node.columns.map((column) => `${alias}.${quoteIdentifier(column)}`),
  )
  return `ROW(${columns.join(', ')}) USING OPERATOR(pg_catalog.*<)`
}

import type { Order } from '../schema/schema.ts'
import type { TableNode } from '../schema/plan.ts'
import { quoteIdentifier } from '../sql/identifier.ts'

/** A place that gives rows, and the alias of its rows. */
export interface Place {
  readonly node: TableNode
  readonly alias: string
}

/**
 * The order of rows, for ORDER BY: place by place what the schema says and then, or where it says nothing, that of all columns
 * read, compared as the bytes they are (`record_image_ops`). Every type has this order, json too, and rows that are equal in
 * all columns read give equal elements. So equal data gives equal arrays, and the same first rows where there is a limit.
 */
export function arrayOrder(places: readonly Place[]): string {
  const keys: string[] = []
  let compared: string[] = []
  const addBytes = (): void => {
    if (compared.length > 0) keys.push(`ROW(${compared.join(', ')}) USING OPERATOR(pg_catalog.*<)`)
    compared = []
  }
  for (const { node, alias } of places) {
    if (node.order.length > 0) addBytes()
    keys.push(...node.order.map((order) => orderKey(order, alias)))
    compared.push(...node.columns.map((column) => `${alias}.${quoteIdentifier(column)}`))
  }
  addBytes()
  return keys.join(', ')
}

function orderKey({ column, direction = 'asc', nulls }: Order, alias: string): string {
  const key = `${alias}.${quoteIdentifier(column)}${direction === 'desc' ? ' DESC' : ''}`
  return nulls === undefined ? key : `${key} NULLS ${nulls.toUpperCase()}`
}

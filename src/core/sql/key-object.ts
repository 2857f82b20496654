import { asPrinted } from './as-printed.ts'
import { quoteIdentifier, quoteLiteral } from './identifier.ts'

/**
 * A key of several columns as an object of their texts; a JSONB, since a UNION has to find equal ones.
 *
 * @example
 * ```ts
 * keyObject(['orderId', 'line'], '"line_1"')
 * // JSONB_BUILD_OBJECT('orderId', FORMAT('%s', "line_1"."orderId"), 'line', FORMAT('%s', "line_1"."line"))
 * ```
 */
export function keyObject(columns: readonly string[], alias: string): string {
  const pairs = columns.map(
    (column) => `${quoteLiteral(column)}, ${asPrinted([`${alias}.${quoteIdentifier(column)}`])}`,
  )
  return `JSONB_BUILD_OBJECT(${pairs.join(', ')})`
}

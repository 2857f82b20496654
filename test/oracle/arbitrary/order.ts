import type { OneToManySchema, Order } from 'pg-capture'
import { isOrderedType } from '../compare-values.ts'
import { restOfOrder } from '../row-order.ts'
import type { Picks } from './picks.ts'
import { keyOf } from './table-sql.ts'
import type { ColumnModel, TableModel } from './table-model.ts'

/**
 * Perhaps an order, and perhaps a limit. Where rows may be equal in the order, or there is none, only what the evaluation can
 * order by the columns read.
 */
export function orderOf(
  array: OneToManySchema,
  table: TableModel,
  picks: Picks,
): Pick<OneToManySchema, 'orderBy' | 'limit'> {
  const columns = table.columns.filter(({ type }) => isOrderedType(type.sql))
  const loose = {
    ...(columns.length > 0 && picks.chance(50) ? { orderBy: order(picks.of(columns), picks) } : {}),
    limit: 1 + picks.below(3),
  }
  const typed = table.columns.map(({ name, type }) => ({ name, type: type.sql }))
  if (picks.chance(50) && restOfOrder({ ...array, ...loose }, { columns: typed }) !== undefined) return loose
  const key = keyOf(table)
  if (!columns.includes(key) || picks.chance(50)) return {}
  const orders = [...(picks.chance(60) ? [order(picks.of(columns), picks)] : []), order(key, picks)]
  const orderBy = orders.length === 1 && picks.chance(50) ? orders[0] : orders
  return picks.chance(50) ? { orderBy, limit: 1 + picks.below(3) } : { orderBy }
}

function order({ name }: ColumnModel, picks: Picks): Order {
  return {
    column: name,
    ...(picks.chance(60) ? { direction: picks.chance(80) ? 'desc' : 'asc' } : {}),
    ...(picks.chance(40) ? { nulls: picks.chance(50) ? 'first' : 'last' } : {}),
  }
}

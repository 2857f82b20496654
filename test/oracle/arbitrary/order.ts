import type { OneToManySchema, Order } from 'pg-capture'
import { isOrderedType } from '../compare-values.ts'
import type { Picks } from './picks.ts'
import { keyOf } from './table-sql.ts'
import type { ColumnModel, TableModel } from './table-model.ts'

/** An order in which no two rows are equal, and perhaps a limit; nothing for a table that the evaluation can't order. */
export function orderOf(table: TableModel, picks: Picks): Pick<OneToManySchema, 'orderBy' | 'limit'> {
  const key = keyOf(table)
  if (!isOrderedType(key.type.sql) || picks.chance(50)) return {}
  const columns = table.columns.filter(({ type }) => isOrderedType(type.sql))
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

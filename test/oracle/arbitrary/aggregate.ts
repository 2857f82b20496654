import type { AggregateFunction, ColumnSchema, ExpressionSchema } from 'pg-capture'
import { isNumberType, isOrderedType } from '../compare-values.ts'
import type { Picks } from './picks.ts'
import { singleValue } from './single-value.ts'
import type { ColumnModel, TableModel } from './table-model.ts'

/** A function, and of which value of the row: one that the evaluation can aggregate. Without a value it is of rows. */
export function aggregateOf(
  table: TableModel,
  picks: Picks,
): { name: AggregateFunction; of: ColumnSchema | ExpressionSchema | undefined } {
  const name = picks.weighted({ count: 25, exists: 15, sum: 15, avg: 15, min: 15, max: 20 })
  if (name === 'count' || name === 'exists') {
    return { name, of: picks.chance(50) ? undefined : singleValue(table, picks) }
  }
  const isAdded = name === 'sum' || name === 'avg'
  const fits = ({ role, type }: ColumnModel): boolean =>
    role !== 'unread' && (isAdded ? isNumberType(type.sql) : isOrderedType(type.sql))
  const columns = table.columns.filter(fits)
  if (columns.length === 0) return { name: 'count', of: undefined }
  const column = picks.of(columns)
  const cast = isNumberType(column.type.sql) && picks.chance(20) ? { cast: 'numeric' } : {}
  return { name, of: { type: 'column', column: column.name, ...cast } }
}

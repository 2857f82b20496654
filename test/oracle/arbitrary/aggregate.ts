import type { AggregateFunction, ColumnSchema } from 'pg-capture'
import { isNumberType, isOrderedType } from '../compare-values.ts'
import type { Picks } from './picks.ts'
import type { ColumnModel, TableModel } from './tables.ts'

/** A function, and of which column of the table: one that the evaluation can aggregate. Without a column it is of rows. */
export function aggregateOf(
  table: TableModel,
  picks: Picks,
): { name: AggregateFunction; of: ColumnSchema | undefined } {
  const name = picks.weighted({ count: 25, exists: 15, sum: 25, min: 15, max: 20 })
  const fits = ({ role, type }: ColumnModel): boolean => {
    if (role === 'unread') return false
    if (name === 'sum') return isNumberType(type.sql)
    return name === 'count' || name === 'exists' || isOrderedType(type.sql)
  }
  const columns = table.columns.filter(fits)
  const isOfRows = (name === 'count' || name === 'exists') && picks.chance(50)
  if (columns.length === 0) return { name: 'count', of: undefined }
  return { name, of: isOfRows ? undefined : { type: 'column', column: picks.of(columns).name } }
}

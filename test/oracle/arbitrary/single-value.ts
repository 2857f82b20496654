import type { ColumnSchema, ExpressionSchema } from 'pg-capture'
import { knownExpressions } from '../expressions.ts'
import type { Picks } from './picks.ts'
import type { TableModel } from './table-model.ts'

/** A value of the row itself: a column, sometimes cast, or an expression. */
export function singleValue(table: TableModel, picks: Picks): ColumnSchema | ExpressionSchema {
  const shown = table.columns.filter(({ role }) => role === 'shown')
  const readable = table.columns.filter(({ role }) => role !== 'unread')
  const draw = (): string => picks.of(picks.chance(70) ? shown : readable).name
  const { columns: count, sql } = picks.of(knownExpressions)
  const columns = [...new Set(Array.from({ length: count }, draw))]
  if (picks.chance(85) || columns.length < count) {
    return { type: 'column', column: draw(), ...(picks.chance(10) ? { cast: 'text' } : {}) }
  }
  // Of a literal alone SQL does not know the type.
  const cast = count === 0 || picks.chance(20) ? { cast: 'text' } : {}
  return { type: 'expression', sql: sql(columns), columns, ...cast }
}

import type { ColumnTest, Condition, ConditionValue } from 'pg-capture'
import { isNumberType } from '../compare-values.ts'
import { LONG_TEXT } from './column-types.ts'
import type { Picks } from './picks.ts'
import type { ColumnModel, TableModel } from './table-model.ts'

/** A condition on rows of the table that some of them meet. */
export function conditionOn(table: TableModel, picks: Picks): Condition {
  const shape = picks.weighted({ one: 60, two: 20, or: 20 })
  switch (shape) {
    case 'one':
      return test(table, picks)
    case 'two':
      return { ...test(table, picks), ...test(table, picks) }
    case 'or':
      return {
        [picks.chance(80) ? 'or' : 'and']: [
          test(table, picks),
          { ...test(table, picks), ...test(table, picks) },
        ],
      }
    default:
      return shape satisfies never
  }
}

/** Of one column. Only of types that the evaluation can compare is more asked than whether it is NULL. */
function test(table: TableModel, picks: Picks): Condition {
  const column = picks.of(picks.chance(40) ? table.columns : comparableColumns(table))
  const kind = isComparable(column)
    ? picks.weighted({ null: 20, equal: 20, not: 15, in: 25, notIn: 10, range: isNumber(column) ? 20 : 0 })
    : 'null'
  const value = (): ConditionValue => {
    const text = picks.of(column.type.values.filter((one) => one !== LONG_TEXT))
    return column.type.cast === 'int' && picks.chance(50) ? Number(text) : text
  }
  return { [column.name]: testOf(kind, value, picks) }
}

function testOf(
  kind: 'null' | 'equal' | 'not' | 'in' | 'notIn' | 'range',
  value: () => ConditionValue,
  picks: Picks,
): Condition[string] {
  switch (kind) {
    case 'null':
      return picks.chance(60) ? (picks.chance(80) ? null : { equals: null }) : { not: null }
    case 'equal':
      return picks.chance(80) ? value() : { equals: value() }
    case 'not':
      return { not: value() }
    case 'in':
      return { in: [value(), value(), value()] }
    case 'notIn':
      return { notIn: [value(), value()] }
    case 'range': {
      const test: ColumnTest = { [picks.chance(50) ? 'lt' : 'lte']: value() }
      return picks.chance(50) ? test : { [picks.chance(50) ? 'gt' : 'gte']: value() }
    }
    default:
      return kind satisfies never
  }
}

function comparableColumns(table: TableModel): readonly ColumnModel[] {
  const columns = table.columns.filter(isComparable)
  return columns.length === 0 ? table.columns : columns
}

function isComparable({ type }: ColumnModel): boolean {
  return isNumberType(type.cast) || ['text', 'varchar(80)', 'uuid', 'boolean'].includes(type.cast)
}

function isNumber({ type }: ColumnModel): boolean {
  return isNumberType(type.cast)
}

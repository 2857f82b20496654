import { quoteIdentifier } from '../sql/identifier.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import type { SqlParts } from '../sql/query-builder.ts'
import type { ColumnTest, Condition, ConditionValue } from './condition.ts'

/** A {@link Condition}, compiled. */
export type Filter =
  | { readonly kind: 'and'; readonly filters: readonly Filter[] }
  | { readonly kind: 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'null'; readonly column: string; readonly isNull: boolean }
  | {
      readonly kind: 'among'
      readonly column: string
      readonly values: readonly ConditionValue[]
      readonly isAmong: boolean
    }
  | {
      readonly kind: 'compare'
      readonly column: string
      readonly operator: string
      readonly value: ConditionValue
    }

export const COMPARISONS = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const

export function filterOf(condition: Condition): Filter {
  const filters = Object.entries(condition).flatMap(([name, test]): Filter[] => {
    if (isList(test)) return [{ kind: name === 'or' ? 'or' : 'and', filters: test.map(filterOf) }]
    return typeof test === 'object' && test !== null ? testsOf(name, test) : [equals(name, test, true)]
  })
  const [only, ...others] = filters
  return only !== undefined && others.length === 0 ? only : { kind: 'and', filters }
}

export function filterColumns(filter: Filter): readonly string[] {
  return 'filters' in filter ? filter.filters.flatMap(filterColumns) : [filter.column]
}

/** The filter as SQL, which is a condition that others may be joined to by AND. */
export function filterSql(filter: Filter, alias: string): SqlParts {
  if (filter.kind === 'and') {
    return joinSql(
      filter.filters.map((one) => filterSql(one, alias)),
      ' AND ',
    )
  }
  if (filter.kind === 'or') {
    const any = filter.filters.map((one) => sql`(${filterSql(one, alias)})`)
    return sql`(${joinSql(any, ' OR ')})`
  }
  const column = `${alias}.${quoteIdentifier(filter.column)}`
  switch (filter.kind) {
    case 'null':
      // IS NOT NULL would be false for a composite value of which one part is NULL.
      return [`${column} IS ${filter.isNull ? 'NOT ' : ''}DISTINCT FROM NULL`]
    case 'among': {
      const [first, ...others] = filter.values.map((value): SqlParts => [{ value }])
      if (first !== undefined && others.length === 0)
        return sql`${column} ${filter.isAmong ? '=' : '<>'} ${first}`
      const list = joinSql([first ?? [], ...others], ', ')
      return sql`${column} ${filter.isAmong ? 'IN' : 'NOT IN'} (${list})`
    }
    case 'compare':
      return sql`${column} ${filter.operator} ${[{ value: filter.value }]}`
    default:
      return filter satisfies never
  }
}

function testsOf(column: string, test: ColumnTest): Filter[] {
  const filters: Filter[] = []
  const add = <Value>(value: Value | undefined, filter: (value: Value) => Filter): void => {
    if (value !== undefined) filters.push(filter(value))
  }
  add(test.equals, (value) => equals(column, value, true))
  add(test.not, (value) => equals(column, value, false))
  add(test.in, (values) => ({ kind: 'among', column, values, isAmong: true }))
  add(test.notIn, (values) => ({ kind: 'among', column, values, isAmong: false }))
  for (const [name, operator] of Object.entries(COMPARISONS)) {
    add(test[name as keyof typeof COMPARISONS], (value) => ({ kind: 'compare', column, operator, value }))
  }
  return filters
}

function equals(column: string, value: ConditionValue | null, isEqual: boolean): Filter {
  return value === null
    ? { kind: 'null', column, isNull: isEqual }
    : { kind: 'among', column, values: [value], isAmong: isEqual }
}

function isList(test: Condition[string]): test is readonly Condition[] {
  return Array.isArray(test)
}

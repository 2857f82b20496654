import type { AggregateOutput } from '../schema/plan.ts'
import { sql } from '../sql/fragment.ts'
import type { SqlParts } from '../sql/query-builder.ts'

/** One value of many: `value` is that of a row, and `rows` the rows, ` FROM … WHERE …`. */
export function aggregateExpression(
  { function: name, ofRows }: Pick<AggregateOutput, 'function' | 'ofRows'>,
  value: SqlParts,
  rows: SqlParts,
): SqlParts {
  // IS NOT NULL would be false for a composite value of which one part is NULL.
  const present = sql`${value} IS DISTINCT FROM NULL`
  switch (name) {
    case 'count':
      return sql`(SELECT COUNT(${ofRows ? '*' : value})${rows})`
    case 'exists':
      // For many objects Postgres would answer EXISTS out of a hash of the whole table.
      return sql`COALESCE((SELECT TRUE${rows}${ofRows ? [] : sql` AND ${present}`} LIMIT 1), FALSE)`
    case 'sum':
    case 'avg':
      // The sum of floats depends on their order: equal data has to give equal sums.
      return sql`(SELECT ${name.toUpperCase()}(${value} ORDER BY ${value})${rows})`
    case 'min':
    case 'max': {
      // By an index on link and value. Of equal values (1.0 and 1.00) always the same one; and every type with an order has it.
      const order = sql`${value}${name === 'max' ? ' DESC' : ''}, ROW(${value}) USING OPERATOR(pg_catalog.*<)`
      return sql`(SELECT ${value}${rows} AND ${present} ORDER BY ${order} LIMIT 1)`
    }
    default:
      return name satisfies never
  }
}

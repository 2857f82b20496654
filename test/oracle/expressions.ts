import type { Cell } from './table-state.ts'

/** An expression that is known here, over so many columns, and what Postgres makes of them by it. */
interface KnownExpression {
  readonly columns: number
  readonly sql: (columns: readonly string[]) => string
  /** `undefined` is NULL. */
  readonly value: (cells: readonly Cell[]) => string | number | undefined
}

export const knownExpressions: readonly KnownExpression[] = [
  {
    columns: 1,
    sql: ([a]) => `COALESCE({${a}}::text, '-')`,
    value: ([a]) => a?.castText ?? '-',
  },
  {
    columns: 1,
    sql: ([a]) => `CASE WHEN CONCAT({${a}}) <> '1' THEN NUM_NULLS({${a}}) END`,
    value: ([a]) => (a?.text === '1' ? undefined : a?.text === null ? 1 : 0),
  },
  {
    columns: 2,
    sql: ([a, b]) => `CONCAT({${b}}, '{{', {${a}}, '}}', {${b}})`,
    value: ([a, b]) => `${b?.text ?? ''}{${a?.text ?? ''}}${b?.text ?? ''}`,
  },
  {
    columns: 0,
    sql: () => `'{{}}'`,
    value: () => '{}',
  },
]

/** What the expression yields; an expression that is not known here is an error. */
export function expressionValue(
  { sql, columns }: { readonly sql: string; readonly columns: readonly string[] },
  cells: readonly Cell[],
): string | number | undefined {
  const known = knownExpressions.find((one) => one.columns === columns.length && one.sql(columns) === sql)
  if (known === undefined) throw new Error('The evaluation does not know this expression.')
  return known.value(cells)
}

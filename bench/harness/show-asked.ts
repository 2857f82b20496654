import type { BenchTable } from './bench-table.ts'
import { showAsked } from './show-table.ts'

/** All that is asked in the tables: how many hold, and each that does not. */
export function showAllAsked(tables: readonly BenchTable[]): string {
  const all = tables.flatMap(({ title, rows }) =>
    rows.flatMap(({ label, asked }) =>
      asked.map((one) => ({ one, line: `${title}: ${label}: ${showAsked(one)}` })),
    ),
  )
  const missed = all.filter(({ one }) => !one.isMet)
  const count = `${all.length - missed.length} of ${all.length} hold`
  return [
    `Asked: ${count}${missed.length === 0 ? '.' : '; these do not:'}`,
    ...missed.map(({ line }) => `- ${line}`),
    '',
  ].join('\n')
}

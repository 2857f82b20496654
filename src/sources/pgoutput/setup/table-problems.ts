import { CaptureError } from '../../../core/errors/capture-error.ts'
import { viewProblem } from '../../../core/schema/refuse-views.ts'
import { quoteTable } from '../../../core/sql/identifier.ts'
import { findOldRowProblem, findUnwritableProblem } from '../old-row-problem.ts'
import type { TableFacts } from './database-facts.ts'

const SENDS_GENERATED_COLUMNS = 180_000

/** Why a table can't be captured at all. */
export function findTableProblems(table: TableFacts): CaptureError[] {
  if (table.kind === null) {
    const text = `Table "${table.table}" does not exist in Postgres schema "${table.schema}". Create it, or name its schema.`
    return [new CaptureError('TABLE_MISSING', text)]
  }
  const view = viewProblem(table, table.kind)
  if (view !== null) return [view]
  if (table.kind === 'f') {
    const text = `"${table.table}" is a foreign table, whose changes are in the WAL of another server. Capture it there.`
    return [new CaptureError('TABLE_NOT_CAPTURABLE', text)]
  }
  if (table.isUnlogged) {
    const text = `Table "${table.table}" is unlogged or temporary, so its changes are not in the WAL. Run: ALTER TABLE ${quoteTable(table)} SET LOGGED;`
    return [new CaptureError('TABLE_NOT_CAPTURABLE', text)]
  }
  return table.storage.flatMap((storage) => {
    const facts = { ...storage, columns: table.columns, oldColumns: [] }
    return findUnwritableProblem(facts) ?? []
  })
}

/** What a table will not tell. */
export function findTableWarnings(
  table: TableFacts,
  oldColumns: readonly string[],
  version: number,
): CaptureError[] {
  const columns = sentColumns(table, version)
  const warnings = table.storage.flatMap(
    (storage) => findOldRowProblem({ ...storage, columns, oldColumns }) ?? [],
  )
  if (table.heirs.length > 0) {
    const heirs = table.heirs.map((heir) => `"${heir}"`).join(', ')
    warnings.push(
      new CaptureError(
        'PUBLICATION_INCOMPLETE',
        `Table "${table.table}" is inherited by ${heirs}: a query of it reads their rows too, but their changes come under ` +
          'their own names and are not captured with it.',
      ),
    )
  }
  return warnings
}

/** Before PostgreSQL 18 the catalog names generated columns too, though they are never sent. */
function sentColumns(table: TableFacts, version: number): readonly string[] {
  const { columns, publishedColumns } = table
  if (!publishedColumns) return columns
  return version >= SENDS_GENERATED_COLUMNS
    ? publishedColumns
    : publishedColumns.filter((name) => columns.includes(name))
}

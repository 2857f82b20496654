import { CaptureError } from '../../core/errors/capture-error.ts'
import { quoteTable } from '../../core/sql/identifier.ts'
import type { ReplicaIdentity } from './message.ts'

/** What a table's old rows tell, and what is asked of them. */
export interface OldRowFacts {
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
  readonly identity: ReplicaIdentity
  /** Columns that the identity covers. Of no meaning under `FULL` and `NOTHING`, which cover all and none. */
  readonly identityColumns: readonly string[]
  readonly oldColumns: readonly string[]
}

const IDENTITY_NAMES: Readonly<Record<ReplicaIdentity, string>> = {
  d: 'DEFAULT',
  n: 'NOTHING',
  f: 'FULL',
  i: 'an index',
}

/** Says which of the needed old values an UPDATE or DELETE of the table does not tell, and the statement that mends it. */
export function findOldRowProblem(facts: OldRowFacts): CaptureError | undefined {
  const absent = facts.oldColumns.filter((column) => !facts.columns.includes(column))
  if (absent.length > 0) {
    return new CaptureError(
      'COLUMN_MISSING',
      `Table "${facts.table}" sends no column ${nameList(absent)}: there is none, it is generated, or the publication ` +
        'leaves it out. Make the schema and the table agree.',
    )
  }
  if (facts.identity === 'f') return undefined
  const covered = coveredColumns(facts)
  const missing = facts.oldColumns.filter((column) => !covered.includes(column))
  if (missing.length === 0) return undefined
  return insufficient(
    facts,
    `an UPDATE or DELETE doesn't tell the old value of ${nameList(missing)} (replica identity is ` +
      `${IDENTITY_NAMES[facts.identity]}, which covers ${covered.length === 0 ? 'no column' : `only ${nameList(covered)}`})`,
  )
}

/** Postgres refuses every UPDATE and DELETE of a published table whose identity covers nothing. */
export function findUnwritableProblem(facts: OldRowFacts): CaptureError | undefined {
  if (facts.identity === 'f' || coveredColumns(facts).length > 0) return undefined
  const why = facts.identity === 'd' ? 'DEFAULT without a primary key' : IDENTITY_NAMES[facts.identity]
  return insufficient(facts, `published, it could not be updated: its replica identity is ${why}`)
}

/** An UPDATE came without the old row that the table's identity promises. */
export function oldRowAbsent(table: { readonly schema: string; readonly table: string }): CaptureError {
  return insufficient(table, 'an UPDATE came without its old row, though replica identity is FULL')
}

function coveredColumns(facts: OldRowFacts): readonly string[] {
  return facts.identity === 'n' ? [] : facts.identityColumns
}

function insufficient(
  table: { readonly schema: string; readonly table: string },
  what: string,
): CaptureError {
  return new CaptureError(
    'REPLICA_IDENTITY_INSUFFICIENT',
    `Table "${table.table}": ${what}. Run: ALTER TABLE ${quoteTable(table)} REPLICA IDENTITY FULL;`,
  )
}

function nameList(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}

import { CaptureError } from '../../core/errors/capture-error.ts'
import { quoteTable } from '../../core/sql/identifier.ts'
import type { ReplicaIdentity } from './message.ts'

/** What a table's old rows tell, and what is asked of them. */
export interface OldRowFacts {
  readonly schema: string
  readonly table: string
  readonly columns: readonly string[]
  readonly identity: ReplicaIdentity
  /** Columns that the identity covers. Meaningless under `FULL` and `NOTHING`, which cover all and none. */
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
      `Table "${facts.table}" sends no column ${nameList(absent)}: it was renamed or dropped, is generated, or the ` +
        'publication leaves it out. Make schema and table agree.',
    )
  }
  if (facts.identity === 'f') return undefined
  const covered = facts.identity === 'n' ? [] : facts.identityColumns
  const missing = facts.oldColumns.filter((column) => !covered.includes(column))
  // Under NOTHING a DELETE is not sent at all, which matters even where no old column is asked for.
  if (missing.length === 0 && facts.identity !== 'n') return undefined
  const untold = missing.length === 0 ? "isn't sent" : `doesn't tell the old value of ${nameList(missing)}`
  const covers = covered.length === 0 ? 'which covers no column' : `which covers only ${nameList(covered)}`
  return new CaptureError(
    'REPLICA_IDENTITY_INSUFFICIENT',
    `Table "${facts.table}": an UPDATE or DELETE ${untold} (replica identity is ${IDENTITY_NAMES[facts.identity]}, ` +
      `${covers}). Run: ALTER TABLE ${quoteTable(facts)} REPLICA IDENTITY FULL;`,
  )
}

function nameList(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ')
}

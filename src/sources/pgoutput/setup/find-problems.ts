import { CaptureError } from '../../../core/errors/capture-error.ts'
import { tableKey } from '../../../core/events/table-name.ts'
import type { RequiredTable } from '../required-table.ts'
import type { DatabaseFacts } from './database-facts.ts'
import { findPublicationProblems, findPublishedTableProblems } from './publication-problems.ts'
import { findSlotProblems } from './slot-problems.ts'
import { findTableProblems, findTableWarnings } from './table-problems.ts'

export interface SlotAndPublication {
  readonly slot: string
  readonly publication: string
}

export interface Findings {
  readonly problems: readonly CaptureError[]
  /** What goes on working, though with less than all old values or all rows. */
  readonly warnings: readonly CaptureError[]
}

const OLDEST_VERSION = 140_000

/** Everything that keeps the tables from being captured, apart from a publication or slot that does not exist yet. */
export function findProblems(
  facts: DatabaseFacts,
  required: readonly RequiredTable[],
  names: SlotAndPublication,
): Findings {
  if (facts.version < OLDEST_VERSION) return { problems: [unsupportedVersion(facts.version)], warnings: [] }
  const problems: CaptureError[] = []
  const warnings: CaptureError[] = []
  if (facts.walLevel !== 'logical') problems.push(walLevelTooLow(facts.walLevel))
  if (facts.slot) problems.push(...findSlotProblems(facts.slot, facts.database, names.slot))
  if (facts.publication) problems.push(...findPublicationProblems(facts.publication, names.publication))
  const oldColumns = new Map(required.map((table) => [tableKey(table), table.oldColumns]))
  for (const table of facts.tables) {
    const found = findTableProblems(table)
    problems.push(...found)
    if (found.length > 0) continue
    if (facts.publication)
      problems.push(...findPublishedTableProblems(table, facts.publication, names.publication))
    warnings.push(...findTableWarnings(table, oldColumns.get(tableKey(table)) ?? [], facts.version))
  }
  return { problems, warnings }
}

/** One error out of several: its code is that of the first, its message has them all. */
export function joinProblems(problems: readonly CaptureError[]): CaptureError {
  const [first] = problems
  if (!first) throw new TypeError('There is no problem to report.')
  if (problems.length === 1) return first
  const list = problems.map((problem) => `- ${problem.message}`).join('\n')
  return new CaptureError(
    first.code,
    `${problems.length} things keep the tables from being captured:\n${list}`,
    {
      cause: new AggregateError(problems),
    },
  )
}

function unsupportedVersion(version: number): CaptureError {
  return new CaptureError(
    'POSTGRES_VERSION_UNSUPPORTED',
    `The server is PostgreSQL ${Math.floor(version / 10_000)}; this source needs 14 or newer.`,
  )
}

function walLevelTooLow(level: string): CaptureError {
  return new CaptureError(
    'WAL_LEVEL_NOT_LOGICAL',
    `The server's wal_level is ${level}, logical replication needs logical. ` +
      'Run: ALTER SYSTEM SET wal_level = logical; and restart the server (managed services have a switch for it).',
  )
}

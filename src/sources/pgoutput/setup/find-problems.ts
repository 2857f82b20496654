import type { RequiredTable } from '../required-table.ts'
import { CaptureError } from '../../../core/errors/capture-error.ts'
import { tableKey } from '../../../core/events/table-name.ts'
import { quoteIdentifier, quoteTable } from '../../../core/sql/identifier.ts'
import { findOldRowProblem } from '../old-row-problem.ts'
import type { DatabaseFacts, PublicationFacts, SlotFacts, TableFacts } from './database-facts.ts'

export interface Names {
  readonly slot: string
  readonly publication: string
}

const OLDEST_VERSION = 140_000

/** Everything that keeps the tables from being captured, apart from a publication or slot that does not exist yet. */
export function findProblems(
  facts: DatabaseFacts,
  requirements: readonly RequiredTable[],
  names: Names,
): CaptureError[] {
  if (facts.version < OLDEST_VERSION) return [unsupportedVersion(facts.version)]
  const required = new Map(requirements.map((requirement) => [tableKey(requirement), requirement]))
  return [
    ...(facts.walLevel === 'logical' ? [] : [walLevel(facts.walLevel)]),
    ...(facts.slot ? slotProblems(facts.slot, facts.database, names.slot) : []),
    ...(facts.publication ? publicationProblems(facts.publication, names.publication) : []),
    ...facts.tables.flatMap((table) => {
      const oldColumns = required.get(tableKey(table))?.oldColumns ?? []
      return tableProblems(table, oldColumns, facts.publication, names.publication)
    }),
  ]
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
    `The server is PostgreSQL ${Math.floor(version / 10_000)}; logical replication needs 14 or newer here.`,
  )
}

function walLevel(level: string): CaptureError {
  return new CaptureError(
    'WAL_LEVEL_NOT_LOGICAL',
    `The server's wal_level is ${level}, logical replication needs logical. ` +
      'Run: ALTER SYSTEM SET wal_level = logical; and restart the server (managed services have a switch for it).',
  )
}

function slotProblems(slot: SlotFacts, database: string, name: string): CaptureError[] {
  const advice = `Choose another slot name, or run: SELECT pg_drop_replication_slot('${name}');`
  if (slot.slot_type !== 'logical' || slot.plugin !== 'pgoutput') {
    const kind = slot.slot_type === 'logical' ? `for the plugin ${slot.plugin}` : `a ${slot.slot_type} one`
    return [
      new CaptureError(
        'SLOT_WRONG_PLUGIN',
        `Replication slot "${name}" is ${kind}, not for pgoutput. ${advice}`,
      ),
    ]
  }
  if (slot.database !== database) {
    const text = `Replication slot "${name}" belongs to database "${slot.database}", not to "${database}". ${advice}`
    return [new CaptureError('SLOT_WRONG_PLUGIN', text)]
  }
  return slot.wal_status === 'lost' ? [slotLost(name)] : []
}

export function slotLost(slot: string, cause?: unknown): CaptureError {
  return new CaptureError(
    'SLOT_LOST',
    `Replication slot "${slot}" is lost: the server has removed WAL that was not confirmed, so changes are missing for ` +
      `good. Run: SELECT pg_drop_replication_slot('${slot}'); then start again and rebuild every object.`,
    cause === undefined ? undefined : { cause },
  )
}

function publicationProblems(publication: PublicationFacts, name: string): CaptureError[] {
  const { pubinsert, pubupdate, pubdelete, pubtruncate } = publication
  if (pubinsert && pubupdate && pubdelete && pubtruncate) return []
  return [
    new CaptureError(
      'PUBLICATION_INCOMPLETE',
      `Publication "${name}" leaves out some kinds of changes. ` +
        `Run: ALTER PUBLICATION ${quoteIdentifier(name)} SET (publish = 'insert, update, delete, truncate');`,
    ),
  ]
}

function tableProblems(
  table: TableFacts,
  oldColumns: readonly string[],
  publication: PublicationFacts | null,
  publicationName: string,
): CaptureError[] {
  const name = `Table "${table.table}"`
  if (table.kind === null) {
    const text = `Table "${table.table}" does not exist in Postgres schema "${table.schema}". Create it, or name its schema.`
    return [new CaptureError('TABLE_MISSING', text)]
  }
  if (table.kind !== 'r' && table.kind !== 'p') {
    const text = `"${table.table}" is no table but a ${KINDS[table.kind] ?? 'relation'}, which has no changes of its own. Name the tables beneath it.`
    return [new CaptureError('TABLE_MISSING', text)]
  }
  if (table.isUnlogged) {
    const text = `${name} is unlogged, so its changes are not in the WAL. Run: ALTER TABLE ${quoteTable(table)} SET LOGGED;`
    return [new CaptureError('PUBLICATION_INCOMPLETE', text)]
  }
  return [
    ...(publication ? publicationTableProblems(table, publication, publicationName) : []),
    ...oldRowProblems(table, oldColumns),
  ]
}

const KINDS: Readonly<Record<string, string>> = { v: 'view', m: 'materialized view', f: 'foreign table' }

function publicationTableProblems(
  table: TableFacts,
  publication: PublicationFacts,
  name: string,
): CaptureError[] {
  const incomplete = (text: string): CaptureError[] => [new CaptureError('PUBLICATION_INCOMPLETE', text)]
  const quoted = quoteIdentifier(name)
  if (table.kind === 'p' && !publication.pubviaroot) {
    return incomplete(
      `Table "${table.table}" is partitioned, and publication "${name}" sends its changes under the partitions' names. ` +
        `Run: ALTER PUBLICATION ${quoted} SET (publish_via_partition_root = true);`,
    )
  }
  if (!table.isPublished) {
    return incomplete(
      `Publication "${name}" does not have table "${table.table}". ` +
        `Run: ALTER PUBLICATION ${quoted} ADD TABLE ${quoteTable(table)};`,
    )
  }
  if (table.hasRowFilter) {
    return incomplete(
      `Publication "${name}" sends only some rows of table "${table.table}". Run: ` +
        `ALTER PUBLICATION ${quoted} DROP TABLE ${quoteTable(table)}; ` +
        `ALTER PUBLICATION ${quoted} ADD TABLE ${quoteTable(table)};`,
    )
  }
  return []
}

function oldRowProblems(table: TableFacts, oldColumns: readonly string[]): CaptureError[] {
  const columns = table.publishedColumns ?? table.columns
  const problems: CaptureError[] = []
  for (const storage of table.storage) {
    const problem = findOldRowProblem({ ...storage, columns, oldColumns })
    if (problem) problems.push(problem)
  }
  return problems
}

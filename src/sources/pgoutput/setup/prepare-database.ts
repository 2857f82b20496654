import type { RequiredTable } from '../required-table.ts'
import { CaptureError } from '../../../core/errors/capture-error.ts'
import { quoteIdentifier, quoteTable } from '../../../core/sql/identifier.ts'
import { type Connection, ServerError } from '../connection.ts'
import type { SourceEvent } from '../source-event.ts'
import { readDatabaseFacts } from './database-facts.ts'
import { findProblems, joinProblems, type Names } from './find-problems.ts'

export interface PreparationParameters extends Names {
  readonly connection: Connection
  readonly requirements: readonly RequiredTable[]
  readonly createSlot: boolean
  readonly createPublication: boolean
  readonly temporary: boolean
  /** Whether this source has seen its slot before, so that its absence means lost changes. */
  readonly isEstablished: boolean
  /** Whether problems of old rows stop the preparation, or are told as warnings. */
  readonly oldRow: 'require' | 'warn'
  /** Problems found elsewhere, to be reported together with these. */
  readonly problems: readonly CaptureError[]
  readonly notify: (event: SourceEvent) => void
}

/**
 * Checks everything that capturing needs, and creates publication and slot where they are missing. Throws one error
 * that has all that is wrong. A temporary slot is left to the replication connection, since it ends with its connection.
 */
export async function prepareDatabase(parameters: PreparationParameters): Promise<void> {
  const { connection, requirements, slot, publication, notify } = parameters
  const facts = await readDatabaseFacts(connection, slot, publication, requirements)
  const problems: CaptureError[] = [...parameters.problems]
  for (const problem of findProblems(facts, requirements, parameters)) {
    const isOldRow = problem.code === 'REPLICA_IDENTITY_INSUFFICIENT' || problem.code === 'COLUMN_MISSING'
    if (isOldRow && parameters.oldRow === 'warn')
      notify({ type: 'warning', code: problem.code, message: problem.message })
    else problems.push(problem)
  }
  if (!facts.slot) problems.push(...missingSlot(parameters))
  if (!facts.publication) problems.push(...missingPublication(parameters, facts.slot !== null))
  if (problems.length > 0) throw joinProblems(problems)

  // The publication first: pgoutput looks it up as it was at the time of each change, so it must be older than the slot.
  if (!facts.publication) {
    await connection.query(createPublicationSql(publication, requirements)).catch((error: unknown) => {
      throw permissionError(
        error,
        `create publication "${publication}"`,
        createPublicationSql(publication, requirements),
      )
    })
    notify({ type: 'publication-created', publication })
  }
  if (!facts.slot && !parameters.temporary) {
    const position = await createSlot(connection, slot, false)
    notify({ type: 'slot-created', slot, position })
  }
}

/** Creates the slot and gives the position from which on it holds changes. */
export async function createSlot(connection: Connection, slot: string, temporary: boolean): Promise<string> {
  const sql = `SELECT lsn::text FROM pg_create_logical_replication_slot('${slot}', 'pgoutput', ${temporary})`
  try {
    const [row] = await connection.query(sql)
    return row?.['lsn'] ?? ''
  } catch (error) {
    if (error instanceof ServerError && error.sqlState === '53400') {
      throw new CaptureError(
        'SLOT_MISSING',
        `Replication slot "${slot}" can't be created: the server has no slot left. ` +
          'Drop one that nobody uses (SELECT * FROM pg_replication_slots) or raise max_replication_slots.',
        { cause: error },
      )
    }
    throw permissionError(error, `create replication slot "${slot}"`, 'ALTER ROLE … REPLICATION;')
  }
}

function missingSlot({ slot, isEstablished, temporary, createSlot }: PreparationParameters): CaptureError[] {
  if (isEstablished) {
    const how = temporary ? 'it was temporary and ended with its connection' : 'somebody dropped it'
    return [
      new CaptureError(
        'SLOT_MISSING',
        `Replication slot "${slot}" is gone (${how}): changes since then are lost to this source. ` +
          'Start again with a new slot and rebuild every object.',
      ),
    ]
  }
  if (createSlot || temporary) return []
  return [
    new CaptureError(
      'SLOT_MISSING',
      `Replication slot "${slot}" does not exist. ` +
        `Run: SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput'); or set createSlot.`,
    ),
  ]
}

function missingPublication(parameters: PreparationParameters, hasSlot: boolean): CaptureError[] {
  const { slot, publication, createPublication, requirements } = parameters
  const sql = createPublicationSql(publication, requirements)
  if (hasSlot) {
    return [
      new CaptureError(
        'PUBLICATION_MISSING',
        `Publication "${publication}" does not exist, but replication slot "${slot}" does: changes that the slot holds ` +
          `from the time without the publication can't be read. Run: SELECT pg_drop_replication_slot('${slot}'); ${sql} ` +
          'Then start again and rebuild every object.',
      ),
    ]
  }
  if (createPublication) return []
  const text = `Publication "${publication}" does not exist. Run: ${sql} or set createPublication.`
  return [new CaptureError('PUBLICATION_MISSING', text)]
}

function createPublicationSql(publication: string, requirements: readonly RequiredTable[]): string {
  const tables = requirements.map(({ schema, table }) => quoteTable({ schema, table })).join(', ')
  return `CREATE PUBLICATION ${quoteIdentifier(publication)} FOR TABLE ${tables} WITH (publish_via_partition_root = true);`
}

function permissionError(error: unknown, what: string, sql: string): unknown {
  if (!(error instanceof ServerError) || error.sqlState !== '42501') return error
  return new CaptureError(
    'REPLICATION_PERMISSION_MISSING',
    `The role may not ${what}. Run as a role that may: ${sql}`,
    { cause: error },
  )
}

import { CaptureError } from '../../../core/errors/capture-error.ts'
import { quoteIdentifier, quoteTable } from '../../../core/sql/identifier.ts'
import { type Connection, ServerError } from '../connection.ts'
import { roleMayNotReplicate } from '../failure.ts'
import { parseLsn } from '../lsn.ts'
import type { RequiredTable } from '../required-table.ts'
import type { SourceEvent } from '../source-event.ts'
import { type DatabaseFacts, readDatabaseFacts } from './database-facts.ts'
import { type Findings, findProblems, joinProblems, type SlotAndPublication } from './find-problems.ts'
import { dropSlotSql, slotGone } from './slot-problems.ts'

export interface PreparationParameters extends SlotAndPublication {
  readonly connection: Connection
  readonly required: readonly RequiredTable[]
  readonly createSlot: boolean
  readonly createPublication: boolean
  readonly temporary: boolean
  /** Whether this source has seen its slot before, so that its absence means lost changes. */
  readonly isEstablished: boolean
  /** The server's refusal of a replication connection, to be reported together with the rest. */
  readonly refusal: ServerError | undefined
  readonly notify: (event: SourceEvent) => void
  /** Throws a warning that is to be a problem. */
  readonly warn: (warning: CaptureError) => void
}

/** Where the server's WAL ended when it was looked at, and up to where it was confirmed for the slot. */
export interface WalPositions {
  readonly end: bigint | undefined
  /** Absent for a slot that is still to be made. */
  readonly confirmed: bigint | undefined
}

/**
 * Checks everything that capturing needs, and creates publication and slot where they are missing. Throws one error
 * that has all that is wrong. A temporary slot is left to the replication connection, since it ends with its connection.
 */
export async function prepareDatabase(parameters: PreparationParameters): Promise<WalPositions> {
  const { connection, required, slot, publication, temporary, notify } = parameters
  const facts = await checkedFacts(parameters)
  // The publication first: pgoutput looks it up as it was at the time of each change, so it must be older than the slot.
  if (!facts.publication) {
    await createPublication(connection, publication, required)
    notify({ type: 'publication-created', publication })
    await checkedFacts(parameters)
  }
  const end = positionOf(facts.walEnd)
  if (facts.slot || temporary) return { end, confirmed: positionOf(facts.slot?.confirmed_flush_lsn) }
  const position = await createSlot(connection, slot, false)
  notify({ type: 'slot-created', slot, position })
  return { end, confirmed: positionOf(position) }
}

function positionOf(lsn: string | null | undefined): bigint | undefined {
  return lsn ? parseLsn(lsn) : undefined
}

/**
 * What the server says after a look that found no problem. Its catalogue functions do not see the statement's snapshot: of a table
 * that is made anew meanwhile they give half of the old one and half of the new. So a problem counts when it is seen twice.
 */
async function checkedFacts(parameters: PreparationParameters): Promise<DatabaseFacts> {
  const { connection, slot, publication, required } = parameters
  const look = (): Promise<DatabaseFacts> => readDatabaseFacts(connection, slot, publication, required)
  const first = await look()
  const facts = problemsOf(first, parameters).problems.length === 0 ? first : await look()
  const { problems, warnings } = problemsOf(facts, parameters)
  const all = [...problems]
  for (const warning of warnings) {
    try {
      parameters.warn(warning)
    } catch (error) {
      if (error !== warning) throw error
      all.push(warning)
    }
  }
  if (all.length > 0) throw joinProblems(all)
  return facts
}

function problemsOf(facts: DatabaseFacts, parameters: PreparationParameters): Findings {
  const { required, refusal } = parameters
  const { problems, warnings } = findProblems(facts, required, parameters)
  return {
    problems: [
      ...(refusal ? [roleMayNotReplicate(refusal, facts.user)] : []),
      ...problems,
      ...(facts.slot ? [] : missingSlot(parameters)),
      ...(facts.publication ? [] : missingPublication(parameters, facts.slot !== null)),
    ],
    warnings,
  }
}

function missingSlot({ slot, isEstablished, temporary, createSlot }: PreparationParameters): CaptureError[] {
  if (isEstablished) return [slotGone(slot, 'somebody dropped it')]
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
  const { slot, publication, required } = parameters
  const sql = createPublicationSql(publication, required)
  if (hasSlot) {
    return [
      new CaptureError(
        'PUBLICATION_MISSING',
        `Publication "${publication}" does not exist, but replication slot "${slot}" does: what the slot holds from the ` +
          `time without the publication can't be read. Run: ${dropSlotSql(slot)} ${sql} ` +
          'Then start again and rebuild every object.',
      ),
    ]
  }
  if (parameters.createPublication) return []
  const text = `Publication "${publication}" does not exist. Run: ${sql} or set createPublication.`
  return [new CaptureError('PUBLICATION_MISSING', text)]
}

async function createPublication(
  connection: Connection,
  publication: string,
  required: readonly RequiredTable[],
): Promise<void> {
  const sql = createPublicationSql(publication, required)
  try {
    await connection.query(sql)
  } catch (error) {
    if (!isPermissionError(error)) throw error
    throw new CaptureError(
      'REPLICATION_PERMISSION_MISSING',
      `The role may not create publication "${publication}" (${error.message}). ` +
        `Run as the tables' owner, with CREATE on the database: ${sql}`,
      { cause: error },
    )
  }
}

/** Creates the slot and gives the position from which on it holds changes. */
export async function createSlot(connection: Connection, slot: string, temporary: boolean): Promise<string> {
  const sql = `SELECT lsn::text FROM pg_create_logical_replication_slot('${slot}', 'pgoutput', ${temporary})`
  try {
    const [row] = await connection.query(sql)
    return row?.['lsn'] ?? ''
  } catch (error) {
    if (isPermissionError(error)) throw roleMayNotReplicate(error)
    if (!(error instanceof ServerError) || error.sqlState !== '53400') throw error
    throw new CaptureError(
      'SLOT_MISSING',
      `Replication slot "${slot}" can't be created: the server has none left. ` +
        'Drop one that nobody uses (SELECT * FROM pg_replication_slots;) or raise max_replication_slots.',
      { cause: error },
    )
  }
}

function createPublicationSql(publication: string, required: readonly RequiredTable[]): string {
  const tables = required.map((table) => quoteTable(table)).join(', ')
  return `CREATE PUBLICATION ${quoteIdentifier(publication)} FOR TABLE ${tables} WITH (publish_via_partition_root = true);`
}

function isPermissionError(error: unknown): error is ServerError {
  return error instanceof ServerError && error.sqlState === '42501'
}

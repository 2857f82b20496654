import { CaptureError } from '../core/errors/capture-error.ts'
import type { TableReference } from '../core/events/table-name.ts'
import { checkedFailure } from '../core/pending/checked-failure.ts'
import { idText } from '../core/pending/id-text.ts'
import type {
  Backlog,
  Claim,
  ClaimingIdsSet,
  FailedId,
  Failure,
  PastFailures,
} from '../core/pending/ids-set.ts'
import { positiveInteger } from '../core/pending/positive-integer.ts'
import { byteLength } from '../core/sql/identifier.ts'
import { pieces } from './pieces.ts'
import { postgresFailure } from './postgres-failure.ts'
import { countOf, knownNumberOf, numberOf, textOf, textsOf, valueOf } from './postgres-replies.ts'
import { postgresSetMigration } from './postgres-set-migration.ts'
import { type PostgresSetStatements, postgresSetStatements } from './postgres-set-statements.ts'
import { defaultTable, postgresSetTable } from './postgres-set-table.ts'

export { postgresSetMigration, type PostgresSetMigrationOptions } from './postgres-set-migration.ts'

/** What a PostgresSet needs of a client: `pg`'s Pool or Client, PGlite, or a wrapper of your own. It is also written to. */
export interface PostgresSetClient {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

export interface PostgresSetOptions {
  /** A Pool, or a Client that is in no transaction. Connecting and ending is its owner's job. */
  client: PostgresSetClient
  /** `'pg_capture_pending'` by default, made by `migrate` or by the SQL of `postgresSetMigration`. */
  table?: TableReference | undefined
  /** The name of this set among those in the table: `'default'` by default. Every process on one set names the same. */
  set?: string | undefined
  /** How many ids `getAll` yields at a time: 1,000 by default. */
  batchSize?: number | undefined
  /** True where the table was made `UNLOGGED`. The set is then not durable. */
  unlogged?: boolean | undefined
}

/** How many ids one statement handles: some hundred milliseconds of the server. A claim is one statement in any case. */
const pieceSize = 10_000
const maxNameBytes = 200

/**
 * Keeps pending ids in a table of Postgres, for any number of processes that name the same table and set.
 *
 * Ids are claimed oldest first; claimers pass over each other's rows. Leases run on the clock of the server. Every step is
 * one statement, and a call with many ids is several steps. An error of Postgres gives a `CaptureError` with the code
 * `SET_COMMAND_FAILED`: whatever was done before it stands, and the call can be repeated.
 *
 * @example
 * ```ts
 * const idsSet = new PostgresSet({ client: new Pool(), set: 'books' })
 * await idsSet.migrate()
 * ```
 */
export class PostgresSet implements ClaimingIdsSet {
  readonly durable: boolean
  readonly #client: PostgresSetClient
  readonly #table: string
  readonly #set: string
  readonly #batchSize: number
  readonly #migration: string
  readonly #statements: PostgresSetStatements

  constructor({
    client,
    table = defaultTable,
    set = 'default',
    batchSize = 1000,
    unlogged = false,
  }: PostgresSetOptions) {
    const names = postgresSetTable(table)
    this.durable = !unlogged
    this.#client = client
    this.#table = names.table
    this.#set = checkedName(set)
    this.#batchSize = positiveInteger(batchSize, 'batchSize')
    this.#migration = postgresSetMigration({ table, unlogged })
    this.#statements = postgresSetStatements(names)
  }

  /** Makes the table, its indexes and its sequence where they are missing. The role needs `CREATE` on the Postgres schema. */
  async migrate(): Promise<void> {
    await this.#query('migrate', this.#migration)
  }

  async add(ids: readonly unknown[]): Promise<void> {
    for (const piece of pieces(ids.map(storable), pieceSize)) await this.#step('add', piece)
  }

  /** Takes ids out of what is pending. A flight goes on; what it releases, or lets expire, is pending again. */
  async delete(ids: readonly unknown[]): Promise<void> {
    for (const piece of pieces(ids.map(storable), pieceSize)) await this.#step('delete', piece)
  }

  /**
   * Yields what is pending, and not what is only in flight. Beside running claims it is a picture, not a census: an id that
   * is claimed and released meanwhile may be missed.
   */
  async *getAll(): AsyncGenerator<string[], void, undefined> {
    // What was added again comes first: its flight may end meanwhile, and then it is found among the pending.
    yield* pieces(textsOf(await this.#step('again'), 'id'), this.#batchSize)
    // What is added meanwhile lies beyond, or there might be no end.
    const [last] = textsOf(await this.#step('lastPlace'), 'place')
    let from = '0'
    while (last !== undefined) {
      const rows = await this.#step('page', from, last, this.#batchSize)
      if (rows.length > 0) yield textsOf(rows, 'id')
      if (rows.length < this.#batchSize) return
      from = textOf(rows.at(-1), 'place')
    }
  }

  async *inFlight(): AsyncGenerator<string[], void, undefined> {
    // In one statement, and so from one snapshot: an id whose lease is renewed meanwhile would move between pages.
    yield* pieces(textsOf(await this.#step('flights'), 'id'), this.#batchSize)
  }

  /** A claim of nothing has the token `'0'`. */
  async claim(max: number, leaseMs: number): Promise<Claim> {
    positiveInteger(max, 'max')
    positiveInteger(leaseMs, 'leaseMs')
    // Not in pieces: between them another claim could draw a greater token, and be done with an id of the next piece.
    const rows = await this.#step('claim', max, leaseMs)
    const taken = rows.filter((row) => valueOf(row, 'id') !== null)
    const waiting = rows.find((row) => valueOf(row, 'id') === null)
    const failures = new Map<string, PastFailures>()
    for (const row of taken) {
      const attempts = knownNumberOf(row, 'attempts')
      if (attempts === 0) continue
      failures.set(textOf(row, 'id'), { attempts, failingForMs: knownNumberOf(row, 'failing_for_ms') })
    }
    return {
      ids: textsOf(taken, 'id'),
      token: taken.length > 0 ? textOf(taken[0], 'token') : '0',
      failures,
      nextRetryMs: waiting === undefined ? undefined : knownNumberOf(waiting, 'next_retry_ms'),
    }
  }

  async acknowledge({ ids, token }: Claim): Promise<boolean> {
    let again = 0
    for (const piece of pieces(ids, pieceSize))
      again += countOf(await this.#step('acknowledge', piece, token))
    return again > 0
  }

  async release({ ids, token }: Claim, failure?: Failure): Promise<void> {
    if (failure === undefined) {
      for (const piece of pieces(ids, pieceSize)) await this.#step('release', piece, token)
      return
    }
    const { error, retryInMs } = checkedFailure(failure)
    // No text of Postgres holds a zero character.
    const storableError = error.replaceAll('\0', '\uFFFD')
    for (const piece of pieces(ids, pieceSize)) {
      await this.#step('fail', piece, token, storableError, retryInMs)
    }
  }

  async renew({ ids, token }: Claim, leaseMs: number): Promise<boolean> {
    positiveInteger(leaseMs, 'leaseMs')
    let lost = 0
    for (const piece of pieces(ids, pieceSize))
      lost += countOf(await this.#step('renew', piece, token, leaseMs))
    return lost === 0
  }

  /** Goes by the time at which they are due, parked ones last: one that fails again meanwhile may come twice. */
  async *failed(): AsyncGenerator<FailedId[], void, undefined> {
    let from = ['-infinity', '']
    while (true) {
      const rows = await this.#step('failed', ...from, this.#batchSize)
      if (rows.length > 0) yield rows.map(failedId)
      const last = rows.at(-1)
      if (rows.length < this.#batchSize) return
      from = [textOf(last, 'due'), textOf(last, 'key')]
    }
  }

  /** The age is exact. What is pending is counted, which takes its time where it is much. */
  async backlog(): Promise<Backlog> {
    const [row] = await this.#step('backlog')
    return {
      pending: knownNumberOf(row, 'pending'),
      inFlight: knownNumberOf(row, 'in_flight'),
      retrying: knownNumberOf(row, 'retrying'),
      parked: knownNumberOf(row, 'parked'),
      oldestPendingMs: numberOf(row, 'oldest_pending_ms'),
    }
  }

  #step(name: keyof PostgresSetStatements, ...values: unknown[]): Promise<unknown[]> {
    return this.#query(name, this.#statements[name], [this.#set, ...values])
  }

  async #query(step: string, sql: string, values?: unknown[]): Promise<unknown[]> {
    try {
      return (await this.#client.query(sql, values)).rows
    } catch (error) {
      throw postgresFailure(step, { table: this.#table, migration: this.#migration }, error)
    }
  }
}

function failedId(row: unknown): FailedId {
  return {
    id: textOf(row, 'id'),
    attempts: knownNumberOf(row, 'attempts'),
    error: textOf(row, 'error'),
    failingForMs: knownNumberOf(row, 'failing_for_ms'),
    retryInMs: numberOf(row, 'retry_in_ms') ?? null,
  }
}

function storable(id: unknown): string {
  const text = idText(id)
  if (!text.includes('\0')) return text
  throw new CaptureError('OPTION_INVALID', 'An id holds a zero character, which no text of Postgres can.')
}

function checkedName(set: string): string {
  if (set !== '' && byteLength(set) <= maxNameBytes && !set.includes('\0')) return set
  throw new CaptureError(
    'OPTION_INVALID',
    `"set" needs a name of 1 to ${maxNameBytes} bytes, without a zero character.`,
  )
}

import type { EventChunk, Source, TableRequirement } from '../../core/capture/source.ts'
import { CaptureError } from '../../core/errors/capture-error.ts'
import { tableKey } from '../../core/events/table-name.ts'
import { quoteIdentifier } from '../../core/sql/identifier.ts'
import { ConfirmedPosition } from './acknowledgements.ts'
import type { CapturedTable } from './captured-table.ts'
import { ChunkBuffer } from './chunk-buffer.ts'
import { Connection, ServerError } from './connection.ts'
import { classifyFailure, permissionMissing } from './failure.ts'
import { mergeRequirements, type RequiredTable } from './required-table.ts'
import { ReplicationSession } from './replication-session.ts'
import { retryDelay } from './retry-delay.ts'
import { createSlot, prepareDatabase } from './setup/prepare-database.ts'
import type { SourceEvent } from './source-event.ts'
import { completeOptions, type PgoutputSourceOptions } from './source-options.ts'

export type { ConnectionOptions } from './connection.ts'
export { formatLsn, parseLsn } from './lsn.ts'
export type { SourceEvent } from './source-event.ts'
export type { PgoutputSourceOptions } from './source-options.ts'

/** Another process's slot is free as soon as it ends; a dead connection's within wal_sender_timeout. */
const LONGEST_WAIT_FOR_SLOT_MS = 1_000
/** A connection that lasted this long ends a series of failures. */
const STABLE_MS = 10_000

/**
 * Delivers row events from Postgres by logical replication: `wal_level = logical`, the plugin pgoutput, one slot.
 *
 * @example
 * ```ts
 * const source = new PgoutputSource({ connection: process.env.DATABASE_URL, slot: 'books' })
 * for await (const chunk of source.stream([{ table: 'book', oldColumns: ['id', 'authorId'] }])) {
 *   await save(chunk.events)
 *   chunk.acknowledge?.()
 * }
 * ```
 *
 * Contract, beyond that of {@link Source}: values are text as Postgres prints it, NULL is `null`, a column that was not
 * sent is absent. One source streams once.
 *
 * Errors: `CaptureError`s, each naming what to run; `docs/sources/pgoutput.md` has them all.
 */
export class PgoutputSource implements Source {
  readonly #options: Required<PgoutputSourceOptions>
  readonly #buffer: ChunkBuffer
  readonly #stopping = new AbortController()
  readonly #connections = new Set<Connection>()
  readonly #warned = new Set<string>()
  #confirmed = new ConfirmedPosition(() => this.#session?.sendStatusSoon())
  #session: ReplicationSession | undefined
  #running: Promise<void> | undefined
  #system: string | undefined
  #isEstablished = false
  #wasConnected = false

  constructor(options: PgoutputSourceOptions) {
    this.#options = completeOptions(options)
    const { chunkRows, highWaterBytes } = this.#options
    this.#buffer = new ChunkBuffer({ rows: chunkRows, bytes: highWaterBytes }, () => this.#session?.resume())
  }

  /** Checks all that streaming needs and creates publication and slot, so that no later change is missed. */
  async prepare(tables: readonly TableRequirement[]): Promise<void> {
    try {
      await this.#prepare(mergeRequirements(tables), [])
    } catch (error) {
      throw classifyFailure(error, { ...this.#options, wasConnected: false, wasStreaming: false }).error
    }
  }

  async *stream(tables: readonly TableRequirement[]): AsyncGenerator<EventChunk, void, undefined> {
    if (this.#stopping.signal.aborted) return
    if (this.#running)
      throw new CaptureError('CAPTURE_STATE', 'A PgoutputSource streams once. Create another one.')
    this.#running = this.#run(mergeRequirements(tables))
    try {
      for (;;) {
        const chunk = await this.#buffer.next()
        if (!chunk) return
        yield chunk
      }
    } finally {
      await this.stop()
    }
  }

  /** Ends the stream, tells the server what was acknowledged, and closes. Resolves when the slot is free. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#buffer.end({})
    this.#session?.stop()
    await Promise.all(Array.from(this.#connections, (connection) => connection.close()))
    await this.#running
  }

  /** Stops, then removes slot and publication from the server. Changes from then on are not kept for this source. */
  async drop(): Promise<void> {
    await this.stop()
    const { connection: options, slot, publication } = this.#options
    const connection = new Connection(options, 'queries')
    try {
      await connection.open()
      await connection.query(
        'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT temporary',
        [slot],
      )
      await connection.query(`DROP PUBLICATION IF EXISTS ${quoteIdentifier(publication)}`)
    } catch (error) {
      throw classifyFailure(error, { ...this.#options, wasConnected: true, wasStreaming: false }).error
    } finally {
      await connection.close()
    }
  }

  /** Connects, again and again where that can help, until it is stopped or fails for good. Never throws. */
  async #run(requirements: readonly RequiredTable[]): Promise<void> {
    const { signal } = this.#stopping
    try {
      for (let attempt = 1; !signal.aborted; attempt++) {
        const startedAt = Date.now()
        const position = this.#confirmed.value
        const failure = await this.#connect(requirements)
        if (signal.aborted) return
        if (!failure.isTransient) throw failure.error
        if (this.#confirmed.value > position || Date.now() - startedAt > STABLE_MS) attempt = 1
        const error = failure.error as CaptureError
        const delayMs = retryDelay(
          attempt,
          error.code === 'SLOT_IN_USE' ? LONGEST_WAIT_FOR_SLOT_MS : undefined,
        )
        this.#notify({ type: 'reconnecting', attempt, delayMs, error })
        await sleep(delayMs, signal)
      }
    } catch (error) {
      this.#buffer.end({ error })
    }
  }

  /** One connection, from the set-up to its loss, which it returns. */
  async #connect(requirements: readonly RequiredTable[]): Promise<{ error: unknown; isTransient: boolean }> {
    let wasStreaming = false
    const connection = this.#newConnection('replication')
    try {
      const problems = await this.#openReplication(connection)
      await this.#prepare(requirements, problems)
      await this.#checkSystem(connection)
      const { slot, publication, temporary } = this.#options
      if (temporary) {
        const position = await createSlot(connection, slot, true)
        this.#isEstablished = true
        this.#notify({ type: 'slot-created', slot, position })
      }
      this.#session = new ReplicationSession({
        connection,
        slot,
        publication,
        requirements,
        buffer: this.#buffer,
        confirmed: this.#confirmed,
        onStart: () => {
          wasStreaming = true
          this.#notify({ type: 'connected', slot, processId: connection.processId })
        },
        onOldRowProblem: (table, problem) => this.#oldRowProblem(table, problem),
      })
      if (!this.#stopping.signal.aborted) await this.#session.run()
      return { error: undefined, isTransient: false }
    } catch (error) {
      return classifyFailure(error, { ...this.#options, wasConnected: this.#wasConnected, wasStreaming })
    } finally {
      this.#session = undefined
      await this.#closeConnection(connection)
    }
  }

  /** A missing permission is a finding to report with others; everything else is thrown. */
  async #openReplication(connection: Connection): Promise<CaptureError[]> {
    try {
      await connection.open()
      return []
    } catch (error) {
      if (error instanceof ServerError && error.sqlState === '42501') return [permissionMissing(error)]
      throw error
    }
  }

  async #prepare(requirements: readonly RequiredTable[], problems: readonly CaptureError[]): Promise<void> {
    const connection = this.#newConnection('queries')
    try {
      await connection.open()
      await prepareDatabase({
        ...this.#options,
        connection,
        requirements,
        isEstablished: this.#isEstablished,
        problems,
        notify: (event) => this.#notify(event),
      })
      this.#wasConnected = true
      this.#isEstablished ||= !this.#options.temporary
    } finally {
      await this.#closeConnection(connection)
    }
  }

  /** After a failover positions count from elsewhere, so what was confirmed before must not be told to the new server. */
  async #checkSystem(connection: Connection): Promise<void> {
    const [row] = await connection.query('IDENTIFY_SYSTEM')
    const system = `${row?.['systemid']} ${row?.['timeline']}`
    if (this.#system !== undefined && this.#system !== system) {
      this.#confirmed = new ConfirmedPosition(() => this.#session?.sendStatusSoon())
    }
    this.#system = system
  }

  #oldRowProblem(table: CapturedTable, problem: CaptureError): void {
    if (this.#options.oldRow === 'require') throw problem
    const key = tableKey(table)
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    this.#notify({ type: 'warning', code: problem.code, message: problem.message })
  }

  #newConnection(purpose: 'queries' | 'replication'): Connection {
    const connection = new Connection(this.#options.connection, purpose)
    this.#connections.add(connection)
    return connection
  }

  async #closeConnection(connection: Connection): Promise<void> {
    this.#connections.delete(connection)
    await connection.close()
  }

  #notify(event: SourceEvent): void {
    this.#options.onEvent(event)
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
  })
}

import type {
  EventChunk,
  Source,
  SourceStatus,
  StreamOptions,
  TableRequirement,
} from '../../core/capture/source.ts'
import { retryDelay, sleep } from '../../core/capture/retry.ts'
import { CaptureError } from '../../core/errors/capture-error.ts'
import { ConfirmedPosition } from './acknowledgements.ts'
import { ChunkBuffer } from './chunk-buffer.ts'
import { type Connection, ServerError } from './connection.ts'
import { Connections } from './connections.ts'
import { checkFailed, classifyFailure, type Failure } from './failure.ts'
import { parseLsn } from './lsn.ts'
import { ReplicationSession } from './replication-session.ts'
import { Notices } from './notices.ts'
import { mergeRequirements, type RequiredTable } from './required-table.ts'
import { dropSlotAndPublication } from './setup/drop.ts'
import { createSlot, prepareDatabase, type WalPositions } from './setup/prepare-database.ts'
import { slotGone } from './setup/slot-problems.ts'
import { ServerIdentity } from './setup/server-identity.ts'
import { completeOptions, type PgoutputSourceOptions } from './source-options.ts'

export type { ConnectionOptions } from './connection.ts'
export { formatLsn, parseLsn } from './lsn.ts'
export type { SourceEvent } from './source-event.ts'
export type { PgoutputSourceOptions } from './source-options.ts'

/** A connection that lasted this long ends a series of failures. */
const STABLE_MS = 10_000
/** Least time between two checks of a stream that stands still. */
const CHECK_SPACING_MS = 1_000
const LONGEST_TIMER_MS = 2_147_483_647
/** SQLSTATE of a server that starts, recovers or shuts down. */
const CANNOT_CONNECT_NOW = '57P03'
/** Another process's slot is free the moment it ends; that of a dead connection within wal_sender_timeout. */
const LONGEST_WAIT_FOR_SLOT_MS = 1_000
const LONGEST_RETRY_MS = 30_000

/**
 * Delivers row events from Postgres by logical replication: one slot, the plugin pgoutput.
 *
 * @example
 * ```ts
 * const source = new PgoutputSource({ connection: 'postgres://capture@localhost/library', slot: 'books' })
 * for await (const chunk of source.stream([{ table: 'book', oldColumns: ['id', 'authorId'] }])) {
 *   await save(chunk.events)
 *   chunk.acknowledge?.()
 * }
 * ```
 *
 * Contract, beyond that of {@link Source}: values are text as Postgres prints it, NULL is `null`, a column that was not
 * sent is absent. One source streams once. Whatever can pass by itself is tried again for ever and told to `onError`;
 * everything else is thrown from the iteration as a `CaptureError` that names what to run.
 */
export class PgoutputSource implements Source {
  readonly #options: Required<PgoutputSourceOptions>
  readonly #buffer: ChunkBuffer
  readonly #connections: Connections
  readonly #stopping = new AbortController()
  readonly #server = new ServerIdentity()
  readonly #notices: Notices
  #confirmed = this.#newConfirmedPosition()
  #session: ReplicationSession | undefined
  #running: Promise<void> | undefined
  #checkNow: () => void = () => {}
  /** The slot was there, so if it is missing, changes are. */
  #isEstablished = false
  #wasConnected = false
  /** On the clock of `performance.now`; `null` while it streams, and before it was asked to. */
  #disconnectedSince: number | null = null
  #isStreaming = false
  #positions: WalPositions = { end: undefined, confirmed: undefined }

  constructor(options: PgoutputSourceOptions) {
    this.#options = completeOptions(options)
    const { chunkRows, highWaterBytes, connection } = this.#options
    this.#notices = new Notices(this.#options)
    this.#buffer = new ChunkBuffer({ rows: chunkRows, bytes: highWaterBytes }, () => this.#session?.resume())
    this.#connections = new Connections(connection)
  }

  /** Checks all that streaming needs and creates publication and slot: no change after it is missed. */
  async prepare(tables: readonly TableRequirement[]): Promise<void> {
    try {
      await this.#prepare(mergeRequirements(tables))
    } catch (error) {
      throw this.#classify(error, false).error
    }
  }

  async *stream(
    tables: readonly TableRequirement[],
    { onError }: StreamOptions = {},
  ): AsyncGenerator<EventChunk, void, undefined> {
    if (this.#stopping.signal.aborted) return
    if (this.#running)
      throw new CaptureError('CAPTURE_STATE', 'A PgoutputSource streams once. Create another one.')
    this.#notices.tellUnlessTold(onError)
    this.#disconnectedSince = performance.now()
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
    await this.#connections.close()
    await this.#running
  }

  status(): SourceStatus {
    const unconfirmedBytes = this.#unconfirmedBytes
    if (this.#isStreaming) return { connected: true, unconfirmedBytes }
    const since = this.#disconnectedSince
    const disconnectedForMs = since === null ? undefined : performance.now() - since
    return { connected: false, disconnectedForMs, unconfirmedBytes }
  }

  /** Unknown before the slot was looked at: this process's own confirmations begin at nothing. */
  get #unconfirmedBytes(): number | undefined {
    const { end, confirmed } = this.#positions
    if (end === undefined || confirmed === undefined) return undefined
    const bytes = later(end, this.#session?.received ?? 0n) - later(confirmed, this.#confirmed.value)
    return Math.max(0, Number(bytes))
  }

  /** Stops, then removes slot and publication from the server: from then on no change is kept for this source. */
  async drop(): Promise<void> {
    await this.stop()
    try {
      await dropSlotAndPublication(this.#options)
    } catch (error) {
      throw this.#classify(error, false).error
    }
  }

  /** Connects, again and again where that can help, until it is stopped or fails for good. Never throws. */
  async #run(required: readonly RequiredTable[]): Promise<void> {
    const { signal } = this.#stopping
    try {
      for (let attempt = 1; ; attempt++) {
        const startedAt = performance.now()
        const position = this.#confirmed.value
        const failure = await this.#connect(required)
        if (signal.aborted) return
        if (!failure.isTransient) throw failure.error
        if (this.#confirmed.value > position || performance.now() - startedAt > STABLE_MS) attempt = 1
        const { error } = failure
        const longestMs = error.code === 'SLOT_IN_USE' ? LONGEST_WAIT_FOR_SLOT_MS : LONGEST_RETRY_MS
        const delayMs = retryDelay(attempt, longestMs)
        this.#notices.failed(error)
        this.#notices.happened({ type: 'reconnecting', attempt, delayMs, error })
        await sleep(delayMs, signal)
        if (signal.aborted) return
      }
    } catch (error) {
      this.#buffer.end({ error })
    }
  }

  /** One connection, from the set-up to its loss, which it returns. */
  async #connect(required: readonly RequiredTable[]): Promise<Failure> {
    const { slot, publication, temporary } = this.#options
    let wasStreaming = false
    const connection = this.#connections.create('replication')
    try {
      if (temporary && this.#isEstablished)
        throw slotGone(slot, 'it was temporary and ended with its connection')
      const refusal = await openUnlessRefused(connection)
      await this.#prepare(required, refusal)
      await this.#identifyServer(connection)
      if (temporary) {
        const position = await createSlot(connection, slot, true)
        this.#isEstablished = true
        this.#positions = { ...this.#positions, confirmed: parseLsn(position) }
        this.#notices.happened({ type: 'slot-created', slot, position })
      }
      this.#session = new ReplicationSession({
        connection,
        slot,
        publication,
        required,
        buffer: this.#buffer,
        confirmed: this.#confirmed,
        onStart: () => {
          wasStreaming = true
          this.#isStreaming = true
          this.#disconnectedSince = null
          this.#notices.happened({ type: 'connected', slot, processId: connection.processId })
        },
        onStandstill: () => this.#checkNow(),
        onOldRowProblem: (problem) => this.#notices.warnOnce(problem),
      })
      const over = new AbortController()
      await Promise.race([this.#session.run(), this.#keepChecking(required, over.signal)]).finally(() =>
        over.abort(),
      )
      throw new ServerError(new Error('The server ended the stream.'))
    } catch (error) {
      return this.#classify(error, wasStreaming)
    } finally {
      this.#session?.stop()
      this.#session = undefined
      this.#isStreaming = false
      this.#disconnectedSince ??= performance.now()
      await this.#connections.release(connection)
    }
  }

  async #prepare(required: readonly RequiredTable[], refusal?: ServerError): Promise<void> {
    const connection = this.#connections.create('queries')
    try {
      await connection.open()
      const positions = await prepareDatabase({
        ...this.#options,
        connection,
        required,
        isEstablished: this.#isEstablished,
        refusal,
        notify: (event) => this.#notices.happened(event),
        warn: (warning) => this.#notices.warnOnce(warning),
      })
      this.#wasConnected = true
      this.#isEstablished ||= !this.#options.temporary
      this.#positions = { ...positions, confirmed: positions.confirmed ?? this.#positions.confirmed }
    } finally {
      await this.#connections.release(connection)
    }
  }

  /**
   * Repeats the check of the set-up, at intervals and when the stream stands still, and throws what it finds.
   *
   * A server that shuts down first wants to see everything confirmed. What waits for the database to be processed, though,
   * it does not serve any more, and the two would wait for each other for ever: so the connection is given up.
   */
  async #keepChecking(required: readonly RequiredTable[], signal: AbortSignal): Promise<void> {
    const interval = this.#options.checkIntervalMs || LONGEST_TIMER_MS
    while (!signal.aborted) {
      const standstill = new AbortController()
      this.#checkNow = () => standstill.abort()
      await sleep(interval, AbortSignal.any([signal, standstill.signal]))
      if (signal.aborted) return
      try {
        await this.#prepare(required)
      } catch (error) {
        if (signal.aborted) return
        const isShuttingDown = error instanceof ServerError && error.sqlState === CANNOT_CONNECT_NOW
        if (isShuttingDown || !(error instanceof ServerError)) throw error
        // What else is wrong with the way to the server is the stream's to find. But while nobody checks, nobody notices.
        this.#notices.warn(checkFailed(error))
      }
      await sleep(CHECK_SPACING_MS, signal)
    }
  }

  async #identifyServer(connection: Connection): Promise<void> {
    const change = await this.#server.update(connection)
    if (!change) return
    // On another timeline positions mean something else: what was confirmed before must not be told to this server.
    this.#confirmed = this.#newConfirmedPosition()
    this.#notices.happened({ type: 'timeline-changed', ...change })
  }

  #newConfirmedPosition(): ConfirmedPosition {
    return new ConfirmedPosition(() => this.#session?.sendStatusSoon())
  }

  #classify(error: unknown, wasStreaming: boolean): Failure {
    return classifyFailure(error, { ...this.#options, wasConnected: this.#wasConnected, wasStreaming })
  }
}

/** A missing permission is a finding to be reported with others; every other failure is thrown. */
async function openUnlessRefused(connection: Connection): Promise<ServerError | undefined> {
  try {
    await connection.open()
    return undefined
  } catch (error) {
    if (error instanceof ServerError && error.sqlState === '42501') return error
    throw error
  }
}

function later(one: bigint, other: bigint): bigint {
  return one > other ? one : other
}

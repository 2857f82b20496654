import type { CaptureError } from '../../core/errors/capture-error.ts'
import { quoteIdentifier, quoteLiteral } from '../../core/sql/identifier.ts'
import { Acknowledgements, type ConfirmedPosition } from './acknowledgements.ts'
import type { ChunkBuffer } from './chunk-buffer.ts'
import { type Connection, ServerError } from './connection.ts'
import { EventDecoder } from './event-decoder.ts'
import type { RequiredTable } from './required-table.ts'
import { parseReplicationMessage, standbyStatus } from './replication-message.ts'

export interface SessionParameters {
  readonly connection: Connection
  readonly slot: string
  readonly publication: string
  readonly required: readonly RequiredTable[]
  readonly buffer: ChunkBuffer
  readonly confirmed: ConfirmedPosition
  readonly onStart: () => void
  /** Called while something stays unconfirmed: the server may be waiting for it, to shut down. */
  readonly onStandstill: () => void
  /** Throws where the problem must stop the stream. */
  readonly onOldRowProblem: (problem: CaptureError) => void
}

const MAX_STATUS_INTERVAL_MS = 10_000
/** Where the server sets no limit to the silence of its clients, neither do we to its. */
const NO_LIMIT = Number.POSITIVE_INFINITY
/** Acknowledgements within this time share one message to the server. */
const STATUS_SPACING_MS = 20

/**
 * One replication connection, from START_REPLICATION to its end.
 *
 * Contract: nothing beyond `confirmed` is ever told to the server as flushed; the socket is read only while the buffer has
 * room; the server hears of us in time even then.
 */
export class ReplicationSession {
  readonly #parameters: SessionParameters
  readonly #acknowledgements: Acknowledgements
  readonly #decoder: EventDecoder
  #received = 0n
  #isPaused = false
  /** How many times in a row the server was told our status and nothing came from it. */
  #unanswered = 0
  #confirmedBefore = 0n
  #statusSentAt = 0
  #statusTimer: NodeJS.Timeout | undefined
  #isOver = false
  #fail: (error: unknown) => void = () => {}

  constructor(parameters: SessionParameters) {
    const { buffer, confirmed, required, onOldRowProblem } = parameters
    this.#parameters = parameters
    this.#acknowledgements = new Acknowledgements(confirmed)
    this.#decoder = new EventDecoder(required, {
      event: (event, bytes) => buffer.add(event, bytes),
      commit: (position) => this.#commit(position),
      oldRowProblem: onOldRowProblem,
    })
  }

  /** Streams until the connection is lost or a message can't be decoded; both throw. */
  async run(): Promise<void> {
    const { connection, buffer, slot, publication, onStart } = this.#parameters
    const { statusIntervalMs, silenceLimitMs } = await this.#prepare()
    const options = `proto_version '1', publication_names ${quoteLiteral(quoteIdentifier(publication)).trim()}`
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject
    })
    buffer.restart(() => this.#acknowledgements.takeDelivery())
    const keepAlive = setInterval(
      () => this.#guard(() => this.#keepAlive(silenceLimitMs / statusIntervalMs)),
      statusIntervalMs,
    )
    try {
      await Promise.race([
        failed,
        connection.stream(
          // From 0/0 the server goes on where the slot was confirmed. Any position of ours could lie beyond that.
          `START_REPLICATION SLOT ${quoteIdentifier(slot)} LOGICAL 0/0 (${options})`,
          () => this.#guard(onStart),
          (bytes) => this.#guard(() => this.#receive(bytes)),
        ),
      ])
    } finally {
      this.#isOver = true
      clearInterval(keepAlive)
      clearTimeout(this.#statusTimer)
      buffer.restart(() => undefined)
    }
  }

  /** Takes no more, and tells the server what was confirmed. */
  stop(): void {
    this.#isOver = true
    this.sendStatus()
  }

  /** The buffer has room again. */
  resume(): void {
    if (!this.#isPaused || this.#parameters.buffer.isFull) return
    this.#isPaused = false
    this.#parameters.connection.resume()
  }

  /** The last position that the server has told of. */
  get received(): bigint {
    return this.#received
  }

  /** Whether something was received that is not confirmed. */
  get #isWaiting(): boolean {
    return this.#received > this.#parameters.confirmed.value
  }

  /** Tells the server soon what was confirmed. */
  sendStatusSoon(): void {
    const wait = this.#statusSentAt + STATUS_SPACING_MS - performance.now()
    if (wait <= 0) this.sendStatus()
    else this.#statusTimer ??= setTimeout(() => this.sendStatus(), wait)
  }

  sendStatus(wantsReply = false): void {
    clearTimeout(this.#statusTimer)
    this.#statusTimer = undefined
    this.#statusSentAt = performance.now()
    const { connection, confirmed } = this.#parameters
    connection.send(standbyStatus(this.#received, confirmed.value, wantsReply))
  }

  /**
   * Tells that we are alive, and asks a silent server whether it is. A connection can break without a trace, and what is
   * written into it then fails only after a quarter of an hour. Counted in rounds, not in time, so that a process that was
   * busy or asleep does not take that for the server's silence.
   */
  #keepAlive(limit: number): void {
    if (this.#isPaused) this.#unanswered = 0
    else if (this.#unanswered > limit)
      throw new ServerError(new Error('The server has not been heard of for too long.'))
    const { confirmed, onStandstill } = this.#parameters
    if (this.#isWaiting && confirmed.value === this.#confirmedBefore) onStandstill()
    this.#confirmedBefore = confirmed.value
    this.sendStatus(this.#unanswered > 0)
    this.#unanswered++
  }

  /** Fixes the text form of values, and finds out how often the server wants to hear of us. */
  async #prepare(): Promise<{ statusIntervalMs: number; silenceLimitMs: number }> {
    const { connection } = this.#parameters
    await connection.query("SET DateStyle = 'ISO'")
    await connection.query("SET IntervalStyle = 'postgres'")
    await connection.query('SET extra_float_digits = 3')
    await connection.query("SET bytea_output = 'hex'")
    await connection.query("SET TimeZone = 'UTC'")
    const [timeout] = await connection.query(
      "SELECT setting FROM pg_settings WHERE name = 'wal_sender_timeout'",
    )
    const milliseconds = Number(timeout?.['setting'])
    if (!(milliseconds > 0)) return { statusIntervalMs: MAX_STATUS_INTERVAL_MS, silenceLimitMs: NO_LIMIT }
    return {
      statusIntervalMs: Math.min(MAX_STATUS_INTERVAL_MS, milliseconds / 3),
      silenceLimitMs: milliseconds * 2,
    }
  }

  /** What is thrown inside a handler of the socket would reach nobody but the process. */
  #guard(handle: () => void): void {
    if (this.#isOver) return
    try {
      handle()
    } catch (error) {
      this.#isOver = true
      this.#fail(error)
    }
  }

  #receive(bytes: Buffer): void {
    this.#unanswered = 0
    const message = parseReplicationMessage(bytes)
    if (message.kind === 'data') {
      if (message.position > this.#received) this.#received = message.position
      this.#decoder.decode(bytes, message.start)
    } else {
      if (message.walEnd > this.#received) this.#received = message.walEnd
      // Inside a transaction the position says nothing of this transaction's end.
      if (!this.#decoder.inTransaction) this.#acknowledgements.addIdle(message.walEnd)
      if (message.wantsReply) this.sendStatus()
      if (message.wantsReply && this.#isWaiting) this.#parameters.onStandstill()
    }
    if (this.#parameters.buffer.isFull && !this.#isPaused) {
      this.#isPaused = true
      this.#parameters.connection.pause()
    }
  }

  #commit(position: bigint): void {
    const { buffer } = this.#parameters
    if (!buffer.hasOpenTransaction) {
      this.#acknowledgements.addIdle(position)
      return
    }
    this.#acknowledgements.addTransaction(position)
    buffer.commit()
  }
}

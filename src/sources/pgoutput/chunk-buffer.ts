import type { EventChunk } from '../../core/capture/source.ts'
import type { WALEvent } from '../../core/events/wal-event.ts'

export interface ChunkLimits {
  /** Rows after which no more are read, and size of a part of a large transaction. */
  readonly rows: number
  /** The same in bytes of the wire. */
  readonly bytes: number
}

/**
 * Holds the events between the socket and the consumer.
 *
 * A chunk is everything up to the end of the last transaction that has arrived; only where no transaction ends within
 * the limits it is a part of one. Of such a part the last event is kept back, so that the chunk that brings the
 * transaction's end, and with it the acknowledgement, is never empty.
 */
export class ChunkBuffer {
  readonly #limits: ChunkLimits
  readonly #onRoom: () => void
  #events: WALEvent[] = []
  #bytes = 0
  #lastBytes = 0
  /** How many of the events belong to transactions that have ended. */
  #committed = 0
  #committedBytes = 0
  #takeAcknowledge: () => (() => void) | undefined = () => undefined
  #wake: (() => void) | undefined
  #end: { readonly error?: unknown } | undefined

  /** `onRoom` is called when a chunk was taken. */
  constructor(limits: ChunkLimits, onRoom: () => void) {
    this.#limits = limits
    this.#onRoom = onRoom
  }

  get isFull(): boolean {
    return (
      this.#events.length > 1 &&
      (this.#events.length >= this.#limits.rows || this.#bytes >= this.#limits.bytes)
    )
  }

  /** Whether events wait whose transaction has not ended. */
  get hasOpenTransaction(): boolean {
    return this.#committed < this.#events.length
  }

  add(event: WALEvent, bytes: number): void {
    this.#events.push(event)
    this.#bytes += bytes
    this.#lastBytes = bytes
    if (this.isFull) this.#wake?.()
  }

  /** The events so far are whole transactions. */
  commit(): void {
    this.#committed = this.#events.length
    this.#committedBytes = this.#bytes
    if (this.#committed > 0) this.#wake?.()
  }

  /** Forgets what a lost connection left; `takeAcknowledge` is asked for each chunk that holds a transaction's end. */
  restart(takeAcknowledge: () => (() => void) | undefined): void {
    this.#events = []
    this.#bytes = 0
    this.#committed = 0
    this.#takeAcknowledge = takeAcknowledge
  }

  /** Ends the chunks, with an error if one is given. What was not taken is not lost: nobody has acknowledged it. */
  end(end: { readonly error?: unknown }): void {
    this.#end ??= end
    this.#wake?.()
  }

  /** The next chunk as soon as there is one; `undefined` at the end. */
  async next(): Promise<EventChunk | undefined> {
    for (;;) {
      if (this.#end && 'error' in this.#end) throw this.#end.error
      if (this.#end) return undefined
      if (this.#committed > 0) return this.#take(this.#committed, true)
      if (this.isFull) return this.#take(this.#events.length - 1, false)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }

  #take(count: number, isWhole: boolean): EventChunk {
    const events = this.#events
    const rest = events.splice(count)
    this.#events = rest
    this.#bytes = isWhole ? this.#bytes - this.#committedBytes : this.#lastBytes
    this.#committed = 0
    const acknowledge = isWhole ? this.#takeAcknowledge() : undefined
    this.#onRoom()
    return acknowledge ? { events, acknowledge } : { events }
  }
}

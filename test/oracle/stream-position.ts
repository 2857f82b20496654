import type { WALEvent } from 'pg-capture'
import type { EventFeed } from './event-feed.ts'

/** Events that are delivered together, and where they stand in the stream. */
export interface Batch {
  readonly from: number
  readonly events: readonly WALEvent[]
}

/** Where a case is in its stream: what has been delivered, and what of it was acknowledged. */
export class StreamPosition {
  readonly #feed: EventFeed
  #events: readonly WALEvent[] = []
  #delivered = 0
  /** By event, whether its ids are safe. */
  #acknowledged: boolean[] = []

  constructor(feed: EventFeed) {
    this.#feed = feed
  }

  /** Waits for the events of all commits. */
  async upTo(marker: bigint): Promise<void> {
    this.#events = await this.#feed.upTo(marker)
  }

  get events(): readonly WALEvent[] {
    return this.#events
  }

  get isAtEnd(): boolean {
    return this.#delivered === this.#events.length
  }

  /** At most so many events that have not been delivered. */
  take(count: number): Batch {
    const from = this.#delivered
    const events = this.#events.slice(from, from + count)
    this.#delivered += events.length
    return { from, events }
  }

  /** The batch cut where a transaction of another parity begins; `number` is that of the transaction, modulo `count`. */
  parts({ from, events }: Batch, count: number): (Batch & { readonly number: number })[] {
    const parts: { from: number; events: WALEvent[]; number: number }[] = []
    events.forEach((event, index) => {
      const number = Number(event.xid ?? 0) % count
      const last = parts.at(-1)
      if (last?.number === number) last.events.push(event)
      else parts.push({ from: from + index, events: [event], number })
    })
    return parts
  }

  /** From here on the stream is delivered again, as by a source that was not acknowledged. */
  returnTo(index: number): void {
    this.#delivered = Math.min(this.#delivered, index)
  }

  /** Goes back so many transactions, as a source does that reconnects. Tells whether there were any. */
  goBack(transactions: number): boolean {
    const before = this.#delivered
    for (let left = transactions; left > 0 && this.#delivered > 0; left -= 1) {
      this.#delivered = this.#transactionStart(this.#delivered - 1)
    }
    return this.#delivered < before
  }

  acknowledge(from: number, to: number): void {
    for (let index = from; index < to; index += 1) this.#acknowledged[index] = true
  }

  /** How many events were acknowledged with all before them. */
  get acknowledged(): number {
    let count = 0
    while (this.#acknowledged[count] === true) count += 1
    return count
  }

  /** The events of whole transactions that a source confirms once it has delivered those of the batch. */
  endedBy({ from, events }: Batch): { from: number; to: number } | undefined {
    const start = this.#transactionStart(from)
    let to = from + events.length
    while (to > from && to < this.#events.length && this.#events[to]?.xid === this.#events[to - 1]?.xid)
      to -= 1
    return to > from ? { from: start, to } : undefined
  }

  /** Begins anew where the first transaction begins that was not acknowledged whole. */
  restart(): void {
    for (let index = 0; index < this.#delivered; index += 1) {
      if (this.#acknowledged[index] !== true) return this.returnTo(this.#transactionStart(index))
    }
  }

  #transactionStart(index: number): number {
    const xid = this.#events[index]?.xid
    let start = index
    while (start > 0 && xid !== undefined && this.#events[start - 1]?.xid === xid) start -= 1
    return start
  }
}

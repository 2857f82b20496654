import type { EventChunk, Source, StreamOptions, TableRequirement, WALEvent } from 'pg-capture'
import type { PgoutputSource, PgoutputSourceOptions } from 'pg-capture/sources/pgoutput'

/** A source that tells when a transaction has been acknowledged, which is when all that it causes has been emitted. */
export class AcknowledgedTransactions implements Source {
  readonly connected: Promise<void>
  readonly #source: PgoutputSource
  readonly #seen: WALEvent[] = []
  #acknowledged = 0
  #waiting: (() => void)[] = []

  constructor(sourceOf: (onEvent: NonNullable<PgoutputSourceOptions['onEvent']>) => PgoutputSource) {
    let connected: () => void
    this.connected = new Promise((resolve) => (connected = resolve))
    this.#source = sourceOf(({ type }) => {
      if (type === 'connected') connected()
    })
  }

  async *stream(
    tables: readonly TableRequirement[],
    options?: StreamOptions,
  ): AsyncGenerator<EventChunk, void, undefined> {
    for await (const { events, acknowledge } of this.#source.stream(tables, options)) {
      const end = this.#seen.push(...events)
      yield acknowledge === undefined
        ? { events }
        : {
            events,
            acknowledge: () => {
              acknowledge()
              this.#acknowledged = end
              for (const look of this.#waiting.splice(0)) look()
            },
          }
    }
  }

  stop(): Promise<void> {
    return this.#source.stop()
  }

  /** Resolves with the events of a transaction that has at least one, once it has been acknowledged. */
  async eventsOf(xid: string): Promise<readonly WALEvent[]> {
    for (;;) {
      const events = this.#seen.slice(0, this.#acknowledged).filter((event) => String(event.xid) === xid)
      if (events.length > 0) return events
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }
}

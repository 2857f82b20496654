import type { EventChunk, Source, StreamOptions, TableRequirement, WALEvent } from 'pg-capture'

/** Its rows are markers in the stream of changes; no object is made of them. */
export const heartbeatTable = 'CREATE TABLE heartbeat (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY)'

export interface Watcher {
  /** Row events of the shop are about to be captured. */
  delivered(events: readonly WALEvent[]): void
  /** All that was delivered has been emitted; `heartbeat` is the newest row of the heartbeat table among it. */
  settled(heartbeat: number): void
}

/**
 * Passes a source on and lets the demo watch it: what goes in, and up to where everything has come out again. A heartbeat
 * row makes the latter certain without waiting for a time: transactions are delivered in commit order, so when the
 * heartbeat is acknowledged, all that was committed before it has been emitted; also when that is nothing.
 */
export class WatchedSource implements Source {
  readonly #source: Source
  readonly #watcher: Watcher
  #heartbeat = 0

  constructor(source: Source, watcher: Watcher) {
    this.#source = source
    this.#watcher = watcher
  }

  async *stream(
    tables: readonly TableRequirement[],
    options?: StreamOptions,
  ): AsyncGenerator<EventChunk, void, undefined> {
    const all = [...tables, { table: 'heartbeat', oldColumns: [] }]
    for await (const chunk of this.#source.stream(all, options)) {
      this.#watcher.delivered(chunk.events.filter(({ table }) => table !== 'heartbeat'))
      yield this.#watched(chunk)
    }
  }

  stop(): Promise<void> {
    return this.#source.stop()
  }

  #watched({ events, acknowledge }: EventChunk): EventChunk {
    if (acknowledge === undefined) return { events }
    const heartbeats = events
      .filter(({ table }) => table === 'heartbeat')
      .map(({ data }) => Number(data?.['id']))
    return {
      events,
      acknowledge: () => {
        acknowledge()
        this.#heartbeat = Math.max(this.#heartbeat, ...heartbeats)
        this.#watcher.settled(this.#heartbeat)
      },
    }
  }
}

import type { EventChunk, Source, TableRequirement, WALEvent } from 'pg-capture'

export interface CollectorOptions {
  /** Whether each chunk is acknowledged as it comes. Default: true. */
  readonly acknowledge?: boolean
  /** Called for each chunk before the next one is pulled. */
  readonly onChunk?: (chunk: EventChunk) => void | Promise<void>
}

/** Pulls a source's chunks in the background and lets a test wait for what it needs. */
export class EventCollector {
  readonly chunks: EventChunk[] = []
  readonly events: WALEvent[] = []
  /** Settles when the stream has ended; rejects with what the source threw. */
  readonly ended: Promise<void>
  #failure: { error: unknown } | undefined
  #waiting: (() => void)[] = []

  constructor(source: Source, tables: readonly TableRequirement[], options: CollectorOptions = {}) {
    this.ended = this.#collect(source, tables, options)
    this.ended.catch((error: unknown) => {
      this.#failure = { error }
      this.#wake()
    })
  }

  async #collect(
    source: Source,
    tables: readonly TableRequirement[],
    options: CollectorOptions,
  ): Promise<void> {
    for await (const chunk of source.stream(tables)) {
      this.chunks.push(chunk)
      for (const event of chunk.events) this.events.push(event)
      await options.onChunk?.(chunk)
      if (options.acknowledge !== false) chunk.acknowledge?.()
      this.#wake()
    }
  }

  /** Waits until the condition holds, and fails when the source does, or after 20 seconds. */
  async until(condition: () => boolean, what = 'the condition'): Promise<void> {
    const deadline = Date.now() + 20_000
    while (!condition()) {
      if (this.#failure) throw this.#failure.error
      if (Date.now() > deadline)
        throw new Error(`Waited 20 seconds for ${what}; got ${this.events.length} events.`)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        setTimeout(resolve, 50)
      })
    }
  }

  async untilEvents(count: number): Promise<readonly WALEvent[]> {
    await this.until(() => this.events.length >= count, `${count} events`)
    return this.events
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

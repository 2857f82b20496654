import type { EventChunk, Source, StreamOptions, TableRequirement, WALEvent } from 'pg-capture'

/** A source whose chunks a test puts in, and that notes which of them were acknowledged, and when it was pulled. */
export class ScriptedSource implements Source {
  readonly acknowledged: string[] = []
  readonly pulled: string[] = []
  tables: readonly TableRequirement[] = []
  /** What the consumer wants to be told. */
  onError: StreamOptions['onError']
  stops = 0
  #chunks: (EventChunk & { name: string })[] = []
  #failure: Error | undefined
  #ended = false
  #wake = (): void => undefined

  /** A chunk in which a transaction ends, or with `acknowledges: false` one in the middle of a transaction. */
  put(name: string, events: readonly WALEvent[], { acknowledges = true } = {}): void {
    const acknowledge = (): unknown => this.acknowledged.push(name)
    this.#chunks.push({ name, events, ...(acknowledges && { acknowledge }) })
    this.#wake()
  }

  fail(failure: Error): void {
    this.#failure = failure
    this.#wake()
  }

  async *stream(
    tables: readonly TableRequirement[],
    { onError }: StreamOptions = {},
  ): AsyncGenerator<EventChunk> {
    this.tables = tables
    this.onError = onError
    for (;;) {
      if (this.#ended) return
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        this.pulled.push(chunk.name)
        yield chunk
      } else if (this.#failure !== undefined) {
        throw this.#failure
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }

  async stop(): Promise<void> {
    this.stops += 1
    this.#ended = true
    this.#wake()
  }
}

import type { EventChunk, Source } from 'pg-capture'

/** A source that a case feeds. */
export class FedSource implements Source {
  #chunks: { readonly chunk: EventChunk; readonly taken: () => void }[] = []
  #isStopped = false
  #wake: () => void = () => undefined

  /** Resolves when the chunk has been taken and the next is asked for, or the source is stopped. */
  async put(chunk: EventChunk): Promise<void> {
    if (this.#isStopped) return
    await new Promise<void>((taken) => {
      this.#chunks.push({ chunk, taken })
      this.#wake()
    })
  }

  async *stream(): AsyncGenerator<EventChunk, void, undefined> {
    try {
      while (!this.#isStopped) {
        const [next] = this.#chunks
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
          continue
        }
        yield next.chunk
        this.#chunks.shift()
        next.taken()
      }
    } finally {
      await this.stop()
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#wake()
    for (const { taken } of this.#chunks.splice(0)) taken()
  }
}

import { CaptureError } from 'pg-capture'
import type { FailureNote, Notebook } from './notebook.ts'

/**
 * Tells failures apart: those with a code of pg-capture's, those that the client or the `onChange` given to it has thrown, and
 * all others, which nobody should ever see.
 */
export class Failures {
  readonly #notebook: Notebook
  readonly #own = new WeakMap<object, 'client' | 'onChange' | 'harness'>()

  constructor(notebook: Notebook) {
    this.#notebook = notebook
  }

  /** Marks what is thrown by something that this worker gives to pg-capture. */
  async by<Result>(owner: 'client' | 'onChange' | 'harness', work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      if (typeof error === 'object' && error !== null) this.#own.set(error, owner)
      throw error
    }
  }

  readonly note = (error: unknown): void => {
    this.#notebook.write({ failure: this.#describe(error) })
  }

  #describe(error: unknown): FailureNote {
    if (error instanceof CaptureError) return { code: error.code, message: error.message }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const own = typeof error === 'object' && error !== null ? this.#own.get(error) : undefined
    if (own !== undefined) return { own, message: error instanceof Error ? error.message : text }
    return { untyped: text }
  }
}

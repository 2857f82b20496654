import { CaptureError } from '../errors/capture-error.ts'
import { idText } from './id-text.ts'
import type { IdsSet } from './ids-set.ts'

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>

/**
 * One walk over `getAll` of a set, sync or async, with batches of any size. It reads a batch only when the one before is
 * used up, and can rest for any time between two ids.
 *
 * A batch that is no array, or a value that can't be an id, gives `SET_REPLY_INVALID`.
 */
export class IdsWalk {
  readonly #iterator: AnyIterator
  #batch: readonly unknown[] = []
  #index = 0

  constructor(set: IdsSet) {
    this.#iterator = iteratorOf(set.getAll())
  }

  /** Whether `nextId` has something to give; else `fetchBatch` is next. */
  get hasBatch(): boolean {
    return this.#index < this.#batch.length
  }

  /** The next value of the batch and its id. */
  nextId(): { id: string; value: unknown } {
    const value = this.#batch[this.#index]
    this.#index += 1
    try {
      return { id: idText(value), value }
    } catch (error) {
      throw new CaptureError('SET_REPLY_INVALID', '"getAll" of the ids set yielded a value that is no id.', {
        cause: error,
      })
    }
  }

  /** Reads the next batch, which may be empty. Resolves to `false` at the end of the walk. */
  async fetchBatch(): Promise<boolean> {
    this.#batch = []
    this.#index = 0
    const next = await this.#iterator.next()
    if (next.done) return false
    const batch: unknown = await next.value
    if (!Array.isArray(batch)) {
      throw new CaptureError('SET_REPLY_INVALID', '"getAll" of the ids set must yield arrays of ids.')
    }
    this.#batch = batch
    return true
  }

  /** Lets the set's iteration clean up. Its own errors don't matter any more. */
  async close(): Promise<void> {
    try {
      await this.#iterator.return?.()
    } catch {
      // The walk was given up because of an earlier error, which is the one to report.
    }
  }
}

function iteratorOf(
  all: Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined,
): AnyIterator {
  const iterator = all?.[Symbol.asyncIterator]?.() ?? all?.[Symbol.iterator]?.()
  if (iterator) return iterator
  throw new CaptureError('SET_REPLY_INVALID', '"getAll" of the ids set must be iterable with "for await".')
}

/** Below that, what a statement costs by itself outweighs what a smaller one would save. */
const SMALLEST = 10

export interface BatchSizeOptions {
  /** The largest batch, and the first. */
  readonly max: number
  /** How long reading one batch should take at most, in milliseconds. */
  readonly targetMs: number
}

/**
 * How many ids to claim at a time. Batches that take longer to read than the target get smaller in proportion, at most by half
 * each time; once they take less than half of it, they double again.
 *
 * Only reading counts: how long an `onChange` takes need not depend on the number of objects.
 */
export class BatchSize {
  readonly #max: number
  readonly #targetMs: number
  #current: number

  constructor({ max, targetMs }: BatchSizeOptions) {
    this.#max = max
    this.#targetMs = targetMs
    this.#current = max
  }

  get current(): number {
    return this.#current
  }

  /** So many ids were read in so long. */
  took(ids: number, ms: number): void {
    if (ms > this.#targetMs) this.#set(Math.min(this.#current, ids) * Math.max(this.#targetMs / ms, 0.5))
    else if (ms < this.#targetMs / 2 && ids >= this.#current) this.#set(this.#current * 2)
  }

  /** So many were too many: the server gave up. */
  tooLong(ids: number): void {
    this.#set(Math.min(this.#current, ids) / 2)
  }

  #set(size: number): void {
    this.#current = Math.min(this.#max, Math.max(Math.floor(size), SMALLEST))
  }
}

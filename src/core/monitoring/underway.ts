/** What has begun and not ended yet, to see how long the oldest of it takes. */
export class Underway {
  /** In the order in which they began. */
  readonly #beganAt = new Map<symbol, number>()

  /** Notes a beginning and gives the function to call at its end. */
  begin(): () => void {
    const key = Symbol('underway')
    this.#beganAt.set(key, performance.now())
    return () => this.#beganAt.delete(key)
  }

  get size(): number {
    return this.#beganAt.size
  }

  /** For how many milliseconds the oldest has been under way; `undefined` where nothing is. */
  get oldestMs(): number | undefined {
    const oldest = this.#beganAt.values().next()
    return oldest.done === true ? undefined : performance.now() - oldest.value
  }
}

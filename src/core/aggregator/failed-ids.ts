const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000

interface Failure {
  attempts: number
  /** Before this moment a build leaves the id alone. */
  notBefore: number
}

/**
 * Remembers, in this process, which ids could not be built, so that the next builds can tell a bad object from a bad moment.
 *
 * An id that failed among others is suspect: the batch it is in next is split if it fails too. One that failed alone again
 * and again is left alone for a while: a second at first, five minutes at most. A new event on it ends the wait.
 */
export class FailedIds {
  readonly #failures = new Map<string, Failure>()

  /** Ids whose objects are neither emitted nor known to be gone. */
  get size(): number {
    return this.#failures.size
  }

  isSuspect(ids: readonly string[]): boolean {
    return ids.some((id) => this.#failures.has(id))
  }

  mayTry(id: string, now: number): boolean {
    const failure = this.#failures.get(id)
    return failure === undefined || failure.notBefore <= now
  }

  failed(ids: readonly string[], now: number): void {
    const alone = ids.length === 1
    for (const id of ids) {
      const failure = this.#failures.get(id) ?? { attempts: 0, notBefore: 0 }
      this.#failures.set(id, failure)
      if (!alone) continue
      // The first failure may have been the moment's: whoever builds next tries the id at once.
      if (failure.attempts > 0) failure.notBefore = now + pauseAfter(failure.attempts)
      failure.attempts += 1
    }
  }

  succeeded(ids: readonly string[]): void {
    for (const id of ids) this.#failures.delete(id)
  }

  /** The ids' rows changed, which may be what they needed. */
  changed(ids: readonly string[]): void {
    for (const id of ids) {
      const failure = this.#failures.get(id)
      if (failure !== undefined) failure.notBefore = 0
    }
  }

  /** Nothing is pending any more, so whatever had failed has been built, here or elsewhere. */
  clear(): void {
    this.#failures.clear()
  }

  /** What failed, failed with everything else: no id has to wait for that. */
  changedAll(): void {
    this.changed([...this.#failures.keys()])
  }

  /** Milliseconds until an id may be tried again; `null` where none has failed. */
  waitMs(now: number): number | null {
    if (this.#failures.size === 0) return null
    let next = Number.POSITIVE_INFINITY
    for (const { notBefore } of this.#failures.values()) next = Math.min(next, notBefore)
    return Math.max(0, next - now)
  }
}

function pauseAfter(attempts: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS)
}

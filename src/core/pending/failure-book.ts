import { EarliestFirst } from './earliest-first.ts'
import type { FailedId, Failure, PastFailures } from './ids-set.ts'

interface Entry {
  readonly attempts: number
  readonly firstAt: number
  readonly error: string
  /** When it may be tried again: `null` where it neither waits nor is parked, `Infinity` where it is parked. */
  readonly dueAt: number | null
}

/** The failures that a set remembers in this process: who failed, how often, since when, and who waits for how long. */
export class FailureBook {
  readonly #entries = new Map<string, Entry>()
  /** Those that wait. What was woken or forgotten stays till its time has come, and is passed over then. */
  readonly #waiting = new EarliestFirst<{ readonly id: string; readonly entry: Entry }>()
  #retrying = 0
  #parked = 0

  get retrying(): number {
    return this.#retrying
  }

  get parked(): number {
    return this.#parked
  }

  /** Counts an attempt. With `waits`, the id waits or is parked from now on. */
  note(id: string, { error, retryInMs }: Failure, now: number, waits: boolean): void {
    const past = this.#entries.get(id)
    const dueAt = retryInMs === null ? Infinity : now + retryInMs
    const entry: Entry = {
      attempts: (past?.attempts ?? 0) + 1,
      firstAt: past?.firstAt ?? now,
      error,
      dueAt: waits ? dueAt : null,
    }
    this.#put(id, entry)
    if (waits && dueAt !== Infinity) this.#waiting.add(dueAt, { id, entry })
  }

  /** Whether the id waits or is parked. What is due waits until `takeDue` has given it. */
  holds(id: string): boolean {
    return (this.#entries.get(id)?.dueAt ?? null) !== null
  }

  /** Ends the wait of an id, whose failures stay known. Returns whether it did wait. */
  wake(id: string): boolean {
    const entry = this.#entries.get(id)
    if (!entry || entry.dueAt === null) return false
    this.#put(id, { ...entry, dueAt: null })
    return true
  }

  forget(id: string): void {
    this.#count(this.#entries.get(id), -1)
    this.#entries.delete(id)
  }

  /** Ends the waits whose time has come, and returns their ids. */
  takeDue(now: number): string[] {
    const due: string[] = []
    for (let first = this.#nextWaiting(); first && first.at <= now; first = this.#nextWaiting()) {
      this.#waiting.removeFirst()
      this.wake(first.value.id)
      due.push(first.value.id)
    }
    return due
  }

  nextRetryMs(now: number): number | undefined {
    const next = this.#nextWaiting()
    return next && Math.max(0, next.at - now)
  }

  past(ids: readonly string[], now: number): ReadonlyMap<string, PastFailures> | undefined {
    if (this.#entries.size === 0) return undefined
    const past = new Map<string, PastFailures>()
    for (const id of ids) {
      const entry = this.#entries.get(id)
      if (entry) past.set(id, { attempts: entry.attempts, failingForMs: now - entry.firstAt })
    }
    return past.size === 0 ? undefined : past
  }

  /** Those that wait and those that are parked. */
  *list(now: number): Generator<FailedId, void, undefined> {
    for (const [id, { attempts, firstAt, error, dueAt }] of this.#entries) {
      if (dueAt === null) continue
      const retryInMs = dueAt === Infinity ? null : dueAt - now
      yield { id, attempts, error, failingForMs: now - firstAt, retryInMs }
    }
  }

  #put(id: string, entry: Entry): void {
    this.#count(this.#entries.get(id), -1)
    this.#entries.set(id, entry)
    this.#count(entry, 1)
  }

  #count(entry: Entry | undefined, by: number): void {
    if (!entry || entry.dueAt === null) return
    if (entry.dueAt === Infinity) this.#parked += by
    else this.#retrying += by
  }

  #nextWaiting(): EarliestFirst<{ id: string; entry: Entry }>['first'] {
    for (;;) {
      const first = this.#waiting.first
      if (!first || this.#entries.get(first.value.id) === first.value.entry) return first
      this.#waiting.removeFirst()
    }
  }
}

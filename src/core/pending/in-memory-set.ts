import { checkedFailure } from './checked-failure.ts'
import { FailureBook } from './failure-book.ts'
import { idText } from './id-text.ts'
import type { Backlog, Claim, ClaimingIdsSet, FailedId, Failure } from './ids-set.ts'
import { positiveInteger } from './positive-integer.ts'

export interface InMemorySetOptions {
  /** How many ids `getAll`, `inFlight` and `failed` yield at a time: 1,000 by default. */
  batchSize?: number | undefined
  /** Milliseconds of a clock that never jumps: `performance.now` by default. Leases and waits are measured by it. */
  now?: (() => number) | undefined
}

/** Ids of one claim whose lease ends at one moment. */
interface Flight {
  readonly token: string
  readonly deadline: number
  readonly ids: Set<string>
}

/**
 * Keeps pending ids in this process: the default set of an aggregator.
 *
 * It claims oldest first. Ids are kept in their text form: `1`, `1n` and `'1'` are one id. It does not survive the process,
 * so a WAL position is acknowledged only when its objects have been emitted. Every call costs a constant time per id.
 * The age of the oldest pending id is exact.
 *
 * @example
 * ```ts
 * const set = new InMemorySet({ batchSize: 500 })
 * await set.add(['1', '2'])
 * const claim = await set.claim(100, 30_000) // { ids: ['1', '2'], token: '1' }
 * await set.acknowledge(claim)
 * ```
 */
export class InMemorySet implements ClaimingIdsSet {
  readonly durable = false
  readonly #batchSize: number
  readonly #now: () => number
  /** Can be claimed, with the time since when. Never holds an id in flight. */
  readonly #pending = new Map<string, number>()
  /** Added again while in flight, with the time since when. */
  readonly #again = new Map<string, number>()
  readonly #failures = new FailureBook()
  readonly #flightOf = new Map<string, Flight>()
  readonly #flights = new Set<Flight>()
  #earliestDeadline = Infinity
  /** Kept between claims: a new iterator would have to step over all that was deleted before it. */
  #oldestPending: Iterator<string> | undefined
  #lastToken = 0

  constructor(options: InMemorySetOptions = {}) {
    this.#batchSize = positiveInteger(options.batchSize ?? 1000, 'batchSize')
    this.#now = options.now ?? ((): number => performance.now())
  }

  async add(ids: readonly unknown[]): Promise<void> {
    const now = this.#now()
    for (const text of ids.map(idText)) {
      this.#failures.wake(text)
      const into = this.#flightOf.has(text) ? this.#again : this.#pending
      if (!into.has(text)) into.set(text, now)
    }
  }

  /** Takes ids out of what is pending, waits or is parked. A flight goes on; what it releases, or lets expire, is pending again. */
  async delete(ids: readonly unknown[]): Promise<void> {
    for (const text of ids.map(idText)) {
      this.#pending.delete(text)
      this.#again.delete(text)
      if (!this.#flightOf.has(text)) this.#failures.forget(text)
    }
  }

  /** Yields what is pending, ids added again during their flight included, and not what is only in flight. */
  async *getAll(): AsyncGenerator<string[], void, undefined> {
    // What was added again comes first: its flight may end meanwhile, and then it is found among the pending.
    yield* this.#batchesOf(this.#again.keys(), this.#again.size)
    yield* this.#batchesOf(this.#pending.keys(), this.#pending.size)
  }

  async claim(max: number, leaseMs: number): Promise<Claim> {
    positiveInteger(max, 'max')
    positiveInteger(leaseMs, 'leaseMs')
    const now = this.#now()
    this.#returnExpired(now)
    this.#returnDue(now)
    const ids = this.#takeOldest(max)
    this.#lastToken += 1
    const token = String(this.#lastToken)
    this.#startFlight(token, ids, now + leaseMs)
    const failures = this.#failures.past(ids, now)
    return { ids, token, failures, nextRetryMs: this.#failures.nextRetryMs(now) }
  }

  async acknowledge(claim: Claim): Promise<boolean> {
    const now = this.#now()
    let again = false
    for (const id of this.#heldBy(claim)) {
      this.#endFlight(id)
      this.#failures.forget(id)
      if (!this.#again.delete(id)) continue
      this.#pending.set(id, now)
      again = true
    }
    return again
  }

  async release(claim: Claim, failure?: Failure): Promise<void> {
    const checked = failure && checkedFailure(failure)
    const now = this.#now()
    for (const id of this.#heldBy(claim)) {
      const waits = checked !== undefined && checked.retryInMs !== 0 && !this.#again.has(id)
      if (checked) this.#failures.note(id, checked, now, waits)
      if (waits) this.#endFlight(id)
      else this.#returnToPending(id, now)
    }
  }

  async renew(claim: Claim, leaseMs: number): Promise<boolean> {
    positiveInteger(leaseMs, 'leaseMs')
    const held = this.#heldBy(claim)
    for (const id of held) this.#endFlight(id)
    this.#startFlight(claim.token, held, this.#now() + leaseMs)
    return held.length === new Set(claim.ids).size
  }

  *inFlight(): Generator<string[], void, undefined> {
    const ids = [...this.#flightOf.keys()]
    yield* this.#batchesOf(ids, ids.length)
  }

  *failed(): Generator<FailedId[], void, undefined> {
    const all = [...this.#failures.list(this.#now())]
    yield* this.#batchesOf(all, all.length)
  }

  async backlog(): Promise<Backlog> {
    const now = this.#now()
    this.#returnDue(now)
    let oldest = Infinity
    for (const since of this.#again.values()) oldest = Math.min(oldest, since)
    for (const since of this.#pending.values()) {
      oldest = Math.min(oldest, since)
      break
    }
    return {
      pending: this.#pending.size + this.#again.size,
      inFlight: this.#flightOf.size,
      retrying: this.#failures.retrying,
      parked: this.#failures.parked,
      oldestPendingMs: oldest === Infinity ? undefined : now - oldest,
    }
  }

  *#batchesOf<Item>(items: Iterable<Item>, size: number): Generator<Item[], void, undefined> {
    // What is added meanwhile comes last, so the first `size` ids hold all that was there; more might never end.
    let left = size
    let batch: Item[] = []
    for (const item of items) {
      batch.push(item)
      left -= 1
      if (left > 0 && batch.length < this.#batchSize) continue
      yield batch
      if (left <= 0) return
      batch = []
    }
    if (batch.length > 0) yield batch
  }

  #takeOldest(max: number): string[] {
    const ids: string[] = []
    while (ids.length < max) {
      this.#oldestPending ??= this.#pending.keys()
      const next = this.#oldestPending.next()
      if (next.done) {
        this.#oldestPending = undefined
        break
      }
      this.#pending.delete(next.value)
      ids.push(next.value)
    }
    return ids
  }

  #startFlight(token: string, ids: readonly string[], deadline: number): void {
    if (ids.length === 0) return
    const flight: Flight = { token, deadline, ids: new Set(ids) }
    this.#flights.add(flight)
    for (const id of ids) this.#flightOf.set(id, flight)
    this.#earliestDeadline = Math.min(this.#earliestDeadline, flight.deadline)
  }

  #endFlight(id: string): void {
    const flight = this.#flightOf.get(id)
    if (!flight) return
    this.#flightOf.delete(id)
    flight.ids.delete(id)
    if (flight.ids.size === 0) this.#flights.delete(flight)
  }

  #returnToPending(id: string, now: number): void {
    this.#endFlight(id)
    this.#again.delete(id)
    this.#pending.set(id, now)
  }

  #returnDue(now: number): void {
    for (const id of this.#failures.takeDue(now)) this.#pending.set(id, now)
  }

  #returnExpired(now: number): void {
    if (now < this.#earliestDeadline) return
    this.#earliestDeadline = Infinity
    for (const flight of this.#flights) {
      if (flight.deadline <= now) for (const id of flight.ids) this.#returnToPending(id, now)
      else this.#earliestDeadline = Math.min(this.#earliestDeadline, flight.deadline)
    }
  }

  #heldBy(claim: Claim): string[] {
    const ids = new Set(claim.ids)
    return [...ids].filter((id) => this.#flightOf.get(id)?.token === claim.token)
  }
}

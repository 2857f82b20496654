import { idText } from './id-text.ts'
import type { Claim, ClaimingIdsSet } from './ids-set.ts'
import { positiveInteger } from './positive-integer.ts'

export interface InMemorySetOptions {
  /** How many ids `getAll` yields at a time: 1,000 by default. */
  batchSize?: number | undefined
  /** Milliseconds of a clock that never jumps: `performance.now` by default. Leases are measured by it. */
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
  /** Can be claimed. Never holds an id in flight. */
  readonly #pending = new Set<string>()
  /** Added again while in flight. */
  readonly #again = new Set<string>()
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
    for (const text of ids.map(idText)) {
      if (this.#flightOf.has(text)) this.#again.add(text)
      else this.#pending.add(text)
    }
  }

  /** Takes ids out of what is pending. A flight goes on; what it releases, or lets expire, is pending again. */
  async delete(ids: readonly unknown[]): Promise<void> {
    for (const text of ids.map(idText)) {
      this.#pending.delete(text)
      this.#again.delete(text)
    }
  }

  /** Yields what is pending, ids added again during their flight included, and not what is only in flight. */
  async *getAll(): AsyncGenerator<string[], void, undefined> {
    // What was added again comes first: its flight may end meanwhile, and then it is found among the pending.
    yield* this.#batchesOf(this.#again)
    yield* this.#batchesOf(this.#pending)
  }

  async claim(max: number, leaseMs: number): Promise<Claim> {
    positiveInteger(max, 'max')
    positiveInteger(leaseMs, 'leaseMs')
    this.#returnExpired()
    const ids = this.#takeOldest(max)
    this.#lastToken += 1
    const token = String(this.#lastToken)
    this.#startFlight(token, ids, leaseMs)
    return { ids, token }
  }

  async acknowledge(claim: Claim): Promise<boolean> {
    let again = false
    for (const id of this.#heldBy(claim)) {
      this.#endFlight(id)
      if (!this.#again.delete(id)) continue
      this.#pending.add(id)
      again = true
    }
    return again
  }

  async release(claim: Claim): Promise<void> {
    for (const id of this.#heldBy(claim)) this.#returnToPending(id)
  }

  async renew(claim: Claim, leaseMs: number): Promise<boolean> {
    positiveInteger(leaseMs, 'leaseMs')
    const held = this.#heldBy(claim)
    for (const id of held) this.#endFlight(id)
    this.#startFlight(claim.token, held, leaseMs)
    return held.length === new Set(claim.ids).size
  }

  *inFlight(): Generator<string[], void, undefined> {
    yield* this.#batchesOf(new Set(this.#flightOf.keys()))
  }

  *#batchesOf(ids: Set<string>): Generator<string[], void, undefined> {
    // What is added meanwhile comes last, so the first `size` ids hold all that was there; more might never end.
    let left = ids.size
    let batch: string[] = []
    for (const id of ids) {
      batch.push(id)
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
      this.#oldestPending ??= this.#pending.values()
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

  #startFlight(token: string, ids: readonly string[], leaseMs: number): void {
    if (ids.length === 0) return
    const flight: Flight = { token, deadline: this.#now() + leaseMs, ids: new Set(ids) }
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

  #returnToPending(id: string): void {
    this.#endFlight(id)
    this.#again.delete(id)
    this.#pending.add(id)
  }

  #returnExpired(): void {
    const now = this.#now()
    if (now < this.#earliestDeadline) return
    this.#earliestDeadline = Infinity
    for (const flight of this.#flights) {
      if (flight.deadline <= now) for (const id of flight.ids) this.#returnToPending(id)
      else this.#earliestDeadline = Math.min(this.#earliestDeadline, flight.deadline)
    }
  }

  #heldBy(claim: Claim): string[] {
    const ids = new Set(claim.ids)
    return [...ids].filter((id) => this.#flightOf.get(id)?.token === claim.token)
  }
}

import { checkedFailure } from './checked-failure.ts'
import { FailureBook } from './failure-book.ts'
import { IdsWalk } from './ids-walk.ts'
import type { Backlog, Claim, ClaimingIdsSet, FailedId, Failure, IdsSet } from './ids-set.ts'
import { inTurn } from './in-turn.ts'
import { positiveInteger } from './positive-integer.ts'

interface Flight {
  readonly token: string
  /** What the set gave for this id: only these very values can be deleted from it. */
  readonly values: unknown[]
  /** Whether it was added during the flight: then the set keeps it. */
  again: boolean
  /** Whether it was deleted during the flight, and not added since: then it is gone when the flight ends. */
  deleted: boolean
}

/**
 * Claims over a set that has only `add`, `delete` and `getAll`, safe within this process.
 *
 * Ids stay in the set until they are acknowledged, so a crash loses none. An id added during its flight is not deleted
 * when the flight ends: that flag, raised before the set is touched, is the id's generation. No `add` overlaps a `delete`.
 *
 * Leases never end: a builder that is gone is a process that is gone. Failures are remembered in this process: after a restart the
 * ids are tried again, as the set still holds them. An error of the set comes through as it is.
 */
export class PlainSetClaims implements ClaimingIdsSet {
  readonly #set: IdsSet
  readonly #now: () => number
  readonly #failures = new FailureBook()
  readonly #flights = new Map<string, Flight>()
  readonly #changeInTurn = inTurn()
  readonly #claimInTurn = inTurn()
  #walk: IdsWalk | undefined
  /** Whether an id has become claimable that the current walk may have passed by. */
  #walkIsBehind = false
  /** Whether the batch that the current walk stands in may hold ids that were taken out of the set. */
  #walkIsStale = false
  #lastToken = 0

  constructor(set: IdsSet, now: () => number = (): number => performance.now()) {
    this.#set = set
    this.#now = now
  }

  get durable(): boolean {
    return this.#set.durable === true
  }

  async add(ids: string[]): Promise<void> {
    if (ids.length === 0) return
    for (const id of ids) {
      const flight = this.#flights.get(id)
      if (flight) {
        flight.again = true
        flight.deleted = false
      }
      this.#failures.wake(id)
    }
    try {
      await this.#changeInTurn(() => this.#set.add(ids))
    } finally {
      this.#walkIsBehind = true
    }
  }

  /** Takes ids out of the set. A flight goes on, but what it releases is gone. */
  async delete(ids: string[]): Promise<void> {
    if (ids.length === 0) return
    try {
      await this.#changeInTurn(async () => {
        await this.#set.delete(ids)
        for (const id of ids) {
          const flight = this.#flights.get(id)
          if (flight) flight.deleted = true
          else this.#failures.forget(id)
        }
      })
    } finally {
      this.#walkIsStale = true
    }
  }

  getAll(): Iterable<unknown[]> | AsyncIterable<unknown[]> {
    return this.#set.getAll()
  }

  async claim(max: number, leaseMs: number): Promise<Claim> {
    positiveInteger(max, 'max')
    positiveInteger(leaseMs, 'leaseMs')
    return this.#claimInTurn(() => this.#claimByWalking(max))
  }

  async acknowledge(claim: Claim): Promise<boolean> {
    return this.#changeInTurn(async () => {
      const ids = this.#heldBy(claim)
      const done = ids.flatMap((id) => {
        const flight = this.#flights.get(id)
        return !flight || flight.again ? [] : flight.values
      })
      let again = false
      try {
        // The set declares strings, yet it gets back what it gave: a set of numbers could not delete '1'.
        if (done.length > 0) await this.#set.delete(done as string[])
      } catch (error) {
        this.#walkIsBehind = true
        throw error
      } finally {
        // Only now: an id may be added again as long as it is being deleted.
        again = this.#endFlights(ids)
      }
      for (const id of ids) this.#failures.forget(id)
      return again
    })
  }

  async release(claim: Claim, failure?: Failure): Promise<void> {
    const checked = failure && checkedFailure(failure)
    const now = this.#now()
    const ids = this.#heldBy(claim)
    for (const id of ids) {
      const flight = this.#flights.get(id)
      const again = flight?.again === true
      if (flight?.deleted && !again) this.#failures.forget(id)
      else if (checked) this.#failures.note(id, checked, now, checked.retryInMs !== 0 && !again)
    }
    this.#walkIsBehind = true
    this.#endFlights(ids)
  }

  async renew(_claim: Claim, leaseMs: number): Promise<boolean> {
    positiveInteger(leaseMs, 'leaseMs')
    return true
  }

  *inFlight(): Generator<string[], void, undefined> {
    if (this.#flights.size > 0) yield [...this.#flights.keys()]
  }

  *failed(): Generator<FailedId[], void, undefined> {
    const all = [...this.#failures.list(this.#now())]
    if (all.length > 0) yield all
  }

  /** Reads the whole set. Since when an id is in it, only the set could know. */
  async backlog(): Promise<Backlog> {
    this.#wakeDue(this.#now())
    const pending = new Set<string>()
    const walk = new IdsWalk(this.#set)
    try {
      do {
        while (walk.hasBatch) {
          const { id } = walk.nextId()
          const isClaimable = this.#flights.get(id)?.again ?? !this.#failures.holds(id)
          if (isClaimable) pending.add(id)
        }
      } while (await walk.fetchBatch())
    } catch (error) {
      await walk.close()
      throw error
    }
    const { retrying, parked } = this.#failures
    return { pending: pending.size, inFlight: this.#flights.size, retrying, parked }
  }

  /**
   * Goes on where the last claim stopped. At the end of the walk it starts over at most once, and only where something has
   * become claimable since: a set that never forgets an id would otherwise keep one build run busy for ever.
   */
  async #claimByWalking(max: number): Promise<Claim> {
    this.#lastToken += 1
    const claim = { ids: [] as string[], token: String(this.#lastToken) }
    this.#wakeDue(this.#now())
    let mayStartOver = true
    try {
      if (this.#walkIsStale) await this.#abandonWalk()
      while (claim.ids.length < max) {
        if (!this.#walk) {
          mayStartOver = false
          this.#walkIsBehind = false
          this.#walkIsStale = false
          this.#walk = new IdsWalk(this.#set)
        }
        const walk = this.#walk
        while (claim.ids.length < max && walk.hasBatch) this.#take(walk.nextId(), claim)
        if (claim.ids.length === max || (await walk.fetchBatch())) continue
        this.#walk = undefined
        if (!mayStartOver || !this.#walkIsBehind) break
      }
    } catch (error) {
      this.#endFlights(claim.ids)
      await this.#abandonWalk()
      throw error
    }
    const now = this.#now()
    const failures = this.#failures.past(claim.ids, now)
    return { ...claim, failures, nextRetryMs: this.#failures.nextRetryMs(now) }
  }

  #wakeDue(now: number): void {
    if (this.#failures.takeDue(now).length > 0) this.#walkIsBehind = true
  }

  async #abandonWalk(): Promise<void> {
    const walk = this.#walk
    this.#walk = undefined
    await walk?.close()
  }

  #take({ id, value }: { id: string; value: unknown }, claim: { ids: string[]; token: string }): void {
    if (this.#failures.holds(id)) return
    const flight = this.#flights.get(id)
    if (!flight) {
      this.#flights.set(id, { token: claim.token, values: [value], again: false, deleted: false })
      claim.ids.push(id)
    } else if (!flight.values.includes(value)) {
      flight.values.push(value)
    }
  }

  #heldBy(claim: Claim): string[] {
    return [...new Set(claim.ids)].filter((id) => this.#flights.get(id)?.token === claim.token)
  }

  /** Returns whether some of the ids were added again during their flight. */
  #endFlights(ids: readonly string[]): boolean {
    let again = false
    for (const id of ids) {
      if (this.#flights.get(id)?.again) again = true
      this.#flights.delete(id)
    }
    if (again) this.#walkIsBehind = true
    return again
  }
}

import type { IdsSet } from '../pending/ids-set.ts'

/**
 * Remembers, for a set that ends with its process, which ids have been added and not been emitted since, so that a source
 * hears of a position only when all that came before it is out.
 *
 * Adds are numbered. An add is noted before the set is touched and after its transaction has become visible, so a flight
 * that begins after add n reads what every add up to n stands for, and its emission settles them, for the ids that it holds.
 */
export class UnsettledIds {
  /** Of each id, the adds that no emission covers yet, in order. */
  readonly #addsOf = new Map<string, number[]>()
  /** Of each add, for how many ids it is not covered: the first key is the oldest such add. */
  readonly #idsOf = new Map<number, number>()
  #lastAdd = 0
  /** The last add that a flight has begun after. */
  #lastFlight = 0
  #waiters: { readonly until: number; readonly resolve: () => void }[] = []

  static readonly #bySet = new WeakMap<IdsSet, UnsettledIds>()

  /** One for each set: of two aggregators over one set, either may emit what the other has added. */
  static of(set: IdsSet): UnsettledIds {
    const known = UnsettledIds.#bySet.get(set)
    if (known !== undefined) return known
    const ids = new UnsettledIds()
    UnsettledIds.#bySet.set(set, ids)
    return ids
  }

  added(ids: Iterable<string>): void {
    this.#lastAdd += 1
    let count = 0
    for (const id of ids) {
      const adds = this.#addsOf.get(id)
      // No flight has begun since its last add: the one that will cover that covers this one as well.
      if ((adds?.at(-1) ?? 0) > this.#lastFlight) continue
      if (adds === undefined) this.#addsOf.set(id, [this.#lastAdd])
      else adds.push(this.#lastAdd)
      count += 1
    }
    if (count > 0) this.#idsOf.set(this.#lastAdd, count)
  }

  /** A flight begins. Gives the number by which its emission says what it covers. */
  flightBegins(): number {
    this.#lastFlight = this.#lastAdd
    return this.#lastFlight
  }

  /** The ids were emitted by a flight with that number: what was added since it began is still to come. */
  emitted(ids: Iterable<string>, flight: number): void {
    for (const id of ids) {
      const adds = this.#addsOf.get(id)
      if (adds === undefined) continue
      const later = adds.filter((add) => add > flight)
      for (const add of adds) if (add <= flight) this.#cover(add)
      if (later.length === 0) this.#addsOf.delete(id)
      else this.#addsOf.set(id, later)
    }
    this.#waiters = this.#waiters.filter(({ until, resolve }) => {
      if (!this.#isSettled(until)) return true
      resolve()
      return false
    })
  }

  /** The ids are given up: nobody waits for their emission any more. */
  dropped(ids: Iterable<string>): void {
    this.emitted(ids, Infinity)
  }

  /** Resolves when all that was added so far is out. */
  async settled(): Promise<void> {
    const until = this.#lastAdd
    if (this.#isSettled(until)) return
    await new Promise<void>((resolve) => this.#waiters.push({ until, resolve }))
  }

  #cover(add: number): void {
    const left = (this.#idsOf.get(add) ?? 1) - 1
    if (left > 0) this.#idsOf.set(add, left)
    else this.#idsOf.delete(add)
  }

  #isSettled(until: number): boolean {
    const oldest = this.#idsOf.keys().next()
    return oldest.done === true || oldest.value > until
  }
}

import type { IdsSet } from '../pending/ids-set.ts'

/** That an id was added, once or several times since a flight last began with it: the one that covers the first add covers all. */
interface Note {
  readonly id: string
  readonly add: number
  times: number
}

/**
 * Remembers, for a set that may end before its ids are built, which ids have been added and not been emitted since, so that a source
 * hears of a position only when all that came before it is out.
 *
 * Adds are numbered. An add is noted before the set is touched and after its transaction has become visible, so a flight
 * that begins after add n reads what every add up to n stands for, and its emission settles them, for the ids that it holds.
 *
 * What a durable set holds is settled at once, and nothing is remembered of it: others may build it, unheard of here.
 */
export class UnsettledIds {
  /** Of each id, what was noted since a flight last began with it. */
  readonly #waiting = new Map<string, Note>()
  /** Of each id that a flight has begun with, what was noted before and no emission covers yet. */
  readonly #inFlight = new Map<string, readonly Note[]>()
  /** Of each add, for how many ids it is not covered: the first key is the oldest such add. */
  readonly #idsOf = new Map<number, number>()
  readonly #isDurable: boolean
  #lastAdd = 0
  #waiters: { readonly until: number; readonly resolve: () => void }[] = []

  static readonly #bySet = new WeakMap<IdsSet, UnsettledIds>()

  constructor({ durable }: Pick<IdsSet, 'durable'> = {}) {
    this.#isDurable = durable === true
  }

  /** One for each set: of two aggregators over one set, either may emit what the other has added. */
  static of(set: IdsSet): UnsettledIds {
    const known = UnsettledIds.#bySet.get(set)
    if (known !== undefined) return known
    const ids = new UnsettledIds(set)
    UnsettledIds.#bySet.set(set, ids)
    return ids
  }

  /** Notes the ids and adds them. What the set refuses comes again, and may lead to other ids then: nobody waits for these. */
  async add(ids: string[], set: Pick<IdsSet, 'add'>): Promise<void> {
    const notes = this.added(ids)
    try {
      await set.add(ids)
    } catch (error) {
      this.#withdraw(notes)
      throw error
    }
  }

  added(ids: Iterable<string>): readonly Note[] {
    if (this.#isDurable) return []
    this.#lastAdd += 1
    const noted: Note[] = []
    let count = 0
    for (const id of ids) {
      const waiting = this.#waiting.get(id)
      const note = waiting ?? { id, add: this.#lastAdd, times: 0 }
      note.times += 1
      noted.push(note)
      if (waiting !== undefined) continue
      this.#waiting.set(id, note)
      count += 1
    }
    if (count > 0) this.#idsOf.set(this.#lastAdd, count)
    return noted
  }

  /** A flight begins, with these ids. Gives the number by which its emission says what it covers. */
  flightBegins(ids: Iterable<string>): number {
    for (const id of ids) {
      const note = this.#waiting.get(id)
      if (note === undefined) continue
      this.#waiting.delete(id)
      this.#inFlight.set(id, [...(this.#inFlight.get(id) ?? []), note])
    }
    return this.#lastAdd
  }

  /** The ids were emitted by a flight with that number: what was added since it began is still to come. */
  emitted(ids: Iterable<string>, flight: number): void {
    for (const id of ids) this.#remove(id, ({ add }) => add <= flight)
    this.#wake()
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

  #withdraw(notes: readonly Note[]): void {
    for (const note of notes) {
      note.times -= 1
      if (note.times === 0) this.#remove(note.id, (other) => other === note)
    }
    this.#wake()
  }

  #remove(id: string, isCovered: (note: Note) => boolean): void {
    const waiting = this.#waiting.get(id)
    if (waiting !== undefined && isCovered(waiting)) {
      this.#waiting.delete(id)
      this.#cover(waiting.add)
    }
    const notes = this.#inFlight.get(id)
    if (notes === undefined) return
    const left = notes.filter((note) => !isCovered(note))
    for (const note of notes) if (isCovered(note)) this.#cover(note.add)
    if (left.length === 0) this.#inFlight.delete(id)
    else this.#inFlight.set(id, left)
  }

  #wake(): void {
    this.#waiters = this.#waiters.filter(({ until, resolve }) => {
      if (!this.#isSettled(until)) return true
      resolve()
      return false
    })
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

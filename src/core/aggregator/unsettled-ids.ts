import type { IdsSet } from '../pending/ids-set.ts'

/** That an id was added. Of adds between which no flight began, one note is enough. */
interface Note {
  readonly id: string
  readonly add: number
  times: number
}

/**
 * Remembers, for a set that ends with its process, which ids have been added and not been emitted since, so that a source
 * hears of a position only when all that came before it is out.
 *
 * Adds are numbered. An add is noted before the set is touched and after its transaction has become visible, so a flight
 * that begins after add n reads what every add up to n stands for, and its emission settles them, for the ids that it holds.
 */
export class UnsettledIds {
  /** Of each id, the adds that no emission covers yet, in order. */
  readonly #notesOf = new Map<string, Note[]>()
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
    this.#lastAdd += 1
    const noted: Note[] = []
    let count = 0
    for (const id of ids) {
      const notes = this.#notesOf.get(id)
      const last = notes?.at(-1)
      if (last !== undefined && last.add > this.#lastFlight) {
        // No flight has begun since its last add: the one that will cover that covers this one as well.
        last.times += 1
        noted.push(last)
        continue
      }
      const note = { id, add: this.#lastAdd, times: 1 }
      if (notes === undefined) this.#notesOf.set(id, [note])
      else notes.push(note)
      noted.push(note)
      count += 1
    }
    if (count > 0) this.#idsOf.set(this.#lastAdd, count)
    return noted
  }

  /** A flight begins. Gives the number by which its emission says what it covers. */
  flightBegins(): number {
    this.#lastFlight = this.#lastAdd
    return this.#lastFlight
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
    const notes = this.#notesOf.get(id)
    if (notes === undefined) return
    const left = notes.filter((note) => !isCovered(note))
    for (const note of notes) if (isCovered(note)) this.#cover(note.add)
    if (left.length === 0) this.#notesOf.delete(id)
    else this.#notesOf.set(id, left)
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

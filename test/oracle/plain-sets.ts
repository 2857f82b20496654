import type { IdsSet } from 'pg-capture'
import type { Passed } from './script.ts'

/** The set of the process page, as its readers copy it. */
export class MySet implements IdsSet {
  readonly #set = new Set<unknown>()

  async add(ids: unknown[]): Promise<void> {
    ids.forEach((id) => this.#set.add(id))
  }

  async delete(ids: unknown[]): Promise<void> {
    ids.forEach((id) => this.#set.delete(id))
  }

  async *getAll(): AsyncGenerator<unknown[], void, undefined> {
    yield [...this.#set]
  }
}

export interface SetFaults {
  /** Throws where the call is to fail. */
  pass(place: Extract<Passed, 'before set' | 'after set'>): Promise<void>
  /** Throws where the process has ended. */
  alive(): void
}

/** A set with three methods whose calls can fail, before or after they take effect. */
export function faultyPlainSet(set: IdsSet, { pass }: SetFaults): IdsSet {
  return {
    async add(ids) {
      await pass('before set')
      await set.add(ids)
      await pass('after set')
    },
    async delete(ids) {
      await pass('before set')
      await set.delete(ids)
      await pass('after set')
    },
    async *getAll() {
      await pass('before set')
      yield* set.getAll()
    },
  }
}

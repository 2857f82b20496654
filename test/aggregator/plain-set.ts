import type { IdsSet } from 'pg-capture'

/** A set of three methods, as a user writes it, that notes its calls. */
export class PlainSet implements IdsSet {
  readonly ids = new Set<unknown>()
  readonly calls: string[] = []

  async add(ids: unknown[]) {
    this.calls.push(`add ${ids.join()}`)
    ids.forEach((id) => this.ids.add(id))
  }

  async delete(ids: unknown[]) {
    this.calls.push(`delete ${ids.join()}`)
    ids.forEach((id) => this.ids.delete(id))
  }

  async *getAll() {
    yield [...this.ids]
  }
}

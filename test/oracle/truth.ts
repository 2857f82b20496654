import type { RootSchema } from 'pg-capture'
import { canonicalText, evaluate } from './evaluate.ts'
import type { TableState } from './table-state.ts'

/** What the objects have to be after each commit. */
export class Truth {
  readonly schema: RootSchema
  readonly states: readonly TableState[]
  readonly #evaluated = new Map<number, Map<string, string>>()

  constructor(schema: RootSchema, states: readonly TableState[]) {
    this.schema = schema
    this.states = states
  }

  /** Id to canonical object, after so many commits. */
  after(commits: number): Map<string, string> {
    const known = this.#evaluated.get(commits)
    if (known !== undefined) return known
    const state = this.states[commits]
    if (state === undefined) throw new RangeError(`There is no state ${commits}.`)
    const texts = Array.from(evaluate(this.schema, state), ([id, object]) => [id, this.text(object)] as const)
    const evaluated = new Map(texts)
    this.#evaluated.set(commits, evaluated)
    return evaluated
  }

  text(object: unknown): string {
    const tables = this.states[0]?.rows.map(({ table }) => table) ?? []
    return canonicalText(this.schema.schema, object, tables)
  }

  /**
   * After how many commits a snapshot of this version can have been taken. A version between those of two dumps is of the
   * time around the later commit, before it was dumped; rolled-back transactions count too.
   */
  commitsAt(version: bigint): number[] {
    const last = this.states.findLastIndex((state) => state.version <= version)
    if (last === -1) return []
    return this.states[last]?.version === version || last + 1 === this.states.length
      ? [last]
      : [last, last + 1]
  }
}

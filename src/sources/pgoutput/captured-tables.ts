import { tableKey } from '../../core/events/table-name.ts'
import { captureTable, type CapturedTable } from './captured-table.ts'
import type { RelationMessage } from './message.ts'
import type { RequiredTable } from './required-table.ts'

/**
 * The tables that one connection has described so far.
 *
 * Before the first row of a partition that is published under its root's name, Postgres describes the root and, right
 * after it, the partition. The same pair comes before a TRUNCATE of two unrelated tables, so it shows only with the next
 * message whether the second is a partition of the first: if it is, that is a row of the first.
 */
export class CapturedTables {
  readonly #required: ReadonlyMap<string, RequiredTable>
  readonly #relations = new Map<number, RelationMessage>()
  readonly #partitions = new Map<number, Map<number, RelationMessage>>()
  readonly #tables = new Map<number, CapturedTable | null>()
  #last: RelationMessage | undefined
  #pair: { readonly root: number; readonly partition: RelationMessage } | undefined

  constructor(required: Iterable<RequiredTable>) {
    this.#required = new Map(Array.from(required, (table) => [tableKey(table), table]))
  }

  describe(relation: RelationMessage): void {
    const previous = this.#last
    this.#last = relation
    this.#pair =
      previous && this.#tables.get(previous.oid) ? { root: previous.oid, partition: relation } : undefined
    this.#relations.set(relation.oid, relation)
    this.#capture(relation)
  }

  /** For a row: the table by its oid, `undefined` if it was never described, `null` if nobody reads it. */
  ofRow(oid: number): CapturedTable | null | undefined {
    if (this.#last) this.#settle(oid)
    return this.#tables.get(oid)
  }

  ofTruncate(oid: number): CapturedTable | null | undefined {
    this.#last = undefined
    this.#pair = undefined
    return this.#tables.get(oid)
  }

  #settle(oid: number): void {
    const pair = this.#pair
    this.#last = undefined
    this.#pair = undefined
    if (!pair || pair.root !== oid) return
    const partitions = this.#partitions.get(oid) ?? new Map<number, RelationMessage>()
    partitions.set(pair.partition.oid, pair.partition)
    this.#partitions.set(oid, partitions)
    const root = this.#relations.get(oid)
    if (root) this.#capture(root)
  }

  #capture(relation: RelationMessage): void {
    const required = this.#required.get(tableKey(relation))
    const partitions = [...(this.#partitions.get(relation.oid)?.values() ?? [])]
    this.#tables.set(relation.oid, required ? captureTable(relation, partitions, required) : null)
  }
}

import { isDeepStrictEqual } from 'node:util'
import type pg from 'pg'
import { truth } from './bookshop.ts'

/** What the two processes have between them and what the builder keeps, looked at from outside. */
export interface Kept {
  /** The objects that the builder keeps, as JSON, by their ids. */
  books(): Promise<ReadonlyMap<string, string>>
  /** How many ids wait to be built. */
  pending(): Promise<number>
  close(): void
}

/** Looks at what the two processes have done, from outside. */
export class Observer {
  readonly #shop: pg.Client
  readonly #name: string
  readonly #kept: Kept

  constructor(shop: pg.Client, name: string, kept: Kept) {
    this.#shop = shop
    this.#name = name
    this.#kept = kept
  }

  /** Whether the handler reads from its slot: no later change is missed. */
  async isCaptured(): Promise<boolean> {
    // A slot that is being created is in use already, but sees nothing that is committed before it is.
    const sql =
      'SELECT FROM pg_replication_slots WHERE slot_name = $1 AND active AND confirmed_flush_lsn IS NOT NULL'
    const { rowCount } = await this.#shop.query(sql, [this.#name])
    return rowCount === 1
  }

  /** How many ids wait to be built. */
  async pending(): Promise<number> {
    return this.#kept.pending()
  }

  /** Whether the builder keeps each book as the tables have it, and no other. */
  async isEqual(): Promise<boolean> {
    const { rows } = await this.#shop.query<{ id: number; object: unknown }>(truth)
    const kept = await this.#kept.books()
    const actual = [...kept].map(([id, text]) => [id, sortedRatings(JSON.parse(text))] as const)
    const expected = rows.map(({ id, object }) => [String(id), sortedRatings(object)] as const)
    return isDeepStrictEqual(new Map(actual), new Map(expected))
  }
}

/** The order of what comes from the other side of a one-to-many is nobody's. */
function sortedRatings(object: unknown): unknown {
  const { ratings, ...rest } = object as { readonly ratings: readonly number[] }
  return { ...rest, ratings: [...ratings].sort((left, right) => left - right) }
}

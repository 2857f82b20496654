import { isDeepStrictEqual } from 'node:util'
import type pg from 'pg'
import { createClient } from 'redis'
import { type Setting, truth } from './bookshop.ts'

/** Looks at what the two processes have done, from outside. */
export class Observer {
  readonly #shop: pg.Client
  readonly #name: string
  readonly #redis

  constructor(shop: pg.Client, { REDIS_URL, SHOP }: Setting) {
    this.#shop = shop
    this.#name = SHOP
    this.#redis = createClient({ url: REDIS_URL }).on('error', () => undefined)
  }

  async connect(): Promise<void> {
    await this.#redis.connect()
  }

  close(): void {
    this.#redis.destroy()
  }

  /** Whether the handler reads from its slot: no later change is missed. */
  async isCaptured(): Promise<boolean> {
    const sql = 'SELECT FROM pg_replication_slots WHERE slot_name = $1 AND active'
    const { rowCount } = await this.#shop.query(sql, [this.#name])
    return rowCount === 1
  }

  /** How many ids wait to be built. */
  async pending(): Promise<number> {
    return this.#redis.sCard(`${this.#name}:pending`)
  }

  /** Whether the hash that the builder keeps holds each book as the tables have it, and no other. */
  async isEqual(): Promise<boolean> {
    const { rows } = await this.#shop.query<{ id: number; object: unknown }>(truth)
    const kept = await this.#redis.hGetAll(`${this.#name}:books`)
    const actual = Object.entries(kept).map(([id, text]) => [id, sortedRatings(JSON.parse(text))] as const)
    const expected = rows.map(({ id, object }) => [String(id), sortedRatings(object)] as const)
    return isDeepStrictEqual(new Map(actual), new Map(expected))
  }
}

/** The order of what comes from the other side of a one-to-many is nobody's. */
function sortedRatings(object: unknown): unknown {
  const { ratings, ...rest } = object as { readonly ratings: readonly number[] }
  return { ...rest, ratings: [...ratings].sort((left, right) => left - right) }
}

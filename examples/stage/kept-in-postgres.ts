import type pg from 'pg'
import type { Kept } from './observer.ts'

/** A table of books and a `PostgresSet`, in the database of the shop. */
export function keptInPostgres(shop: pg.Client): Kept {
  return {
    async books() {
      const { rows } = await shop.query<{ id: string; object: string }>(
        'SELECT id, object::text FROM kept_book',
      )
      return new Map(rows.map(({ id, object }) => [id, object]))
    },
    async pending() {
      const sql = 'SELECT count(*)::int AS pending FROM pg_capture_pending WHERE place IS NOT NULL'
      const { rows } = await shop.query<{ pending: number }>(sql)
      return rows[0]!.pending
    },
    close: () => undefined,
  }
}

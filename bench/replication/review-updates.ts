import type { TableRequirement } from 'pg-capture'
import type pg from 'pg'

/** The table that the benchmarks of replication write to, and what has to be known of its old rows. */
export const reviewTable: TableRequirement = { table: 'review', oldColumns: ['id', 'book_id', 'user_id'] }

/** What a capture of books reads. */
export const bookTables: readonly TableRequirement[] = [
  reviewTable,
  ...['organization', 'author', 'book', 'reader', 'tag', 'book_tag'].map((table) => ({
    table,
    oldColumns: ['id'],
  })),
]

/** Changes the ratings of the first `rows` reviews, in transactions of `perTransaction` rows. */
export async function updateReviews(client: pg.Client, rows: number, perTransaction: number): Promise<void> {
  for (let from = 1; from <= rows; from += perTransaction) {
    const to = Math.min(from + perTransaction - 1, rows)
    await client.query('UPDATE review SET rating = rating % 5 + 1 WHERE id BETWEEN $1 AND $2', [from, to])
  }
}

/** Removes a slot once whoever read it has hung up. */
export async function dropSlot(client: pg.Client, slot: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const { rows } = await client.query<{ active: boolean }>(
      'SELECT active FROM pg_replication_slots WHERE slot_name = $1',
      [slot],
    )
    if (rows[0] === undefined) return
    if (!rows[0].active || attempt > 100) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await client.query('SELECT pg_drop_replication_slot($1)', [slot])
}

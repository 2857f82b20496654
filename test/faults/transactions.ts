import type { Picks } from '../oracle/arbitrary/picks.ts'
import { idsOf } from './bookshop.ts'

export interface Transaction {
  readonly statements: readonly string[]
  readonly end: 'COMMIT' | 'ROLLBACK'
  /** How long it stays open before it ends, while others commit. */
  readonly openMs: number
  readonly pauseMs: number
}

/** A random transaction on the shop. It depends on nothing that is in the tables. */
export function transaction(picks: Picks): Transaction {
  const count = picks.chance(15) ? 5 + picks.below(15) : 1 + picks.below(3)
  return {
    statements: Array.from({ length: count }, () => statement(picks)).flat(),
    end: picks.chance(10) ? 'ROLLBACK' : 'COMMIT',
    openMs: picks.chance(10) ? picks.below(100) : 0,
    pauseMs: 5 + picks.below(25),
  }
}

const weights = {
  'new review': 25,
  'new book': 10,
  'new author': 4,
  'other value': 25,
  'other link': 15,
  'other key': 4,
  'many rows': 3,
  delete: 8,
  'delete and insert again': 5,
  truncate: 1,
}

function statement(picks: Picks): string[] {
  const author = id(picks, 'author')
  const book = id(picks, 'book')
  const review = id(picks, 'review')
  switch (picks.weighted(weights)) {
    case 'new review':
      return [insertReview(review, book, picks.below(6))]
    case 'new book':
      return [
        `INSERT INTO book SELECT ${book}, ${title(picks)}, id FROM author WHERE id = ${author}
         ON CONFLICT (id) DO UPDATE SET title = excluded.title, author_id = excluded.author_id`,
      ]
    case 'new author':
      return [
        `INSERT INTO author VALUES (${author}, ${title(picks)}, ${country(picks)}) ON CONFLICT (id) DO NOTHING`,
      ]
    case 'other value':
      return [
        picks.of([
          `UPDATE review SET rating = ${picks.below(6)} WHERE id = ${review}`,
          `UPDATE book SET title = ${title(picks)} WHERE id = ${book}`,
          `UPDATE author SET name = ${title(picks)} WHERE id = ${author}`,
          `UPDATE country SET name = ${title(picks)} WHERE code = ${country(picks)}`,
        ]),
      ]
    case 'other link':
      return [
        picks.of([
          `UPDATE review SET book_id = ${book} WHERE id = ${review} AND EXISTS (SELECT FROM book WHERE id = ${book})`,
          `UPDATE review SET book_id = NULL WHERE id = ${review}`,
          `UPDATE book SET author_id = ${author} WHERE id = ${book} AND EXISTS (SELECT FROM author WHERE id = ${author})`,
          `UPDATE book SET author_id = NULL WHERE id = ${book}`,
          `UPDATE author SET country = ${country(picks)} WHERE id = ${author}`,
        ]),
      ]
    case 'other key':
      return [otherKey(picks, picks.of(['author', 'book', 'review'] as const)), otherCountry(picks)]
    case 'many rows':
      return [
        picks.of([
          `UPDATE review SET rating = (rating + 1) % 6 WHERE book_id % 7 = ${picks.below(7)}`,
          `UPDATE book SET author_id = ${author} WHERE id % 9 = ${picks.below(9)}
             AND EXISTS (SELECT FROM author WHERE id = ${author})`,
        ]),
      ]
    case 'delete':
      return [
        picks.weighted({
          [`DELETE FROM review WHERE id % 50 = ${review % 50}`]: 5,
          [`DELETE FROM book WHERE id = ${book}`]: 4,
          [`DELETE FROM author WHERE id = ${author}`]: 1,
          [`DELETE FROM country WHERE code = ${country(picks)}`]: 1,
        }),
      ]
    case 'delete and insert again':
      return [
        `DELETE FROM review WHERE id = ${review}`,
        insertReview(review, book, picks.below(6)),
        `WITH gone AS (DELETE FROM book WHERE id = ${book} RETURNING *) SELECT count(*) FROM gone`,
        `INSERT INTO book SELECT ${book}, ${title(picks)}, id FROM author WHERE id = ${author}
         ON CONFLICT (id) DO NOTHING`,
      ]
    case 'truncate':
      return ['TRUNCATE review']
  }
}

function insertReview(review: number, book: number, rating: number): string {
  return `INSERT INTO review SELECT ${review}, id, ${rating} FROM book WHERE id = ${book}
    ON CONFLICT (id) DO UPDATE SET book_id = excluded.book_id, rating = excluded.rating`
}

function otherKey(picks: Picks, table: 'author' | 'book' | 'review'): string {
  const to = id(picks, table)
  return `UPDATE ${table} SET id = ${to} WHERE id = ${id(picks, table)} AND NOT EXISTS (SELECT FROM ${table} WHERE id = ${to})`
}

function otherCountry(picks: Picks): string {
  const to = country(picks)
  return `INSERT INTO country VALUES (${to}, ${title(picks)}) ON CONFLICT (code) DO UPDATE SET name = excluded.name`
}

function id(picks: Picks, table: 'author' | 'book' | 'review'): number {
  return 1 + picks.below(idsOf[table])
}

function country(picks: Picks): string {
  return `'c${picks.below(idsOf.country)}'`
}

function title(picks: Picks): string {
  return `'Text ${picks.below(100_000)}'`
}

import type pg from 'pg'
import { type Root, rootNames } from './bookshop.ts'
import { canonical, type Difference, differences } from './differences.ts'

/** What the objects have to be, in plain SQL written by hand: none of it comes from pg-capture. */
const evaluations: Record<Root, string> = {
  book: `
    SELECT book.id, json_build_object(
      'id', book.id,
      'title', book.title,
      'price', book.price,
      'author', json_build_object('id', author.id, 'name', author.name),
      'publisher', publisher.name,
      'tags', array(
        SELECT tag.name FROM book_tag JOIN tag ON tag.id = book_tag.tag_id WHERE book_tag.book_id = book.id
      ),
      'reviews', array(
        SELECT json_build_object('id', review.id, 'reader', review.reader, 'stars', review.stars)
        FROM review WHERE review.book_id = book.id
      )
    ) AS object
    FROM book
    JOIN author ON author.id = book.author_id
    JOIN publisher ON publisher.id = book.publisher_id`,
  author: `
    SELECT author.id, json_build_object(
      'id', author.id,
      'name', author.name,
      'books', array(
        SELECT json_build_object(
          'id', book.id,
          'title', book.title,
          'price', book.price,
          'tags', array(
            SELECT tag.name FROM book_tag JOIN tag ON tag.id = book_tag.tag_id WHERE book_tag.book_id = book.id
          )
        )
        FROM book WHERE book.author_id = author.id
      )
    ) AS object
    FROM author`,
}

export interface Comparison {
  readonly root: Root
  readonly inReplica: number
  readonly inTables: number
  /** One for each object that is not the same: what the replica has (`old`) and what the tables say (`new`). */
  readonly unequal: readonly { readonly id: string; readonly differences: readonly Difference[] }[]
}

/** Compares the replica with the tables, all read in one snapshot. */
export async function compareWithTables(
  replica: Readonly<Record<Root, ReadonlyMap<string, unknown>>>,
  client: pg.Client,
): Promise<Comparison[]> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  const comparisons: Comparison[] = []
  for (const root of rootNames) {
    const { rows } = await client.query<{ id: string; object: unknown }>(evaluations[root])
    const fresh = new Map(rows.map(({ id, object }) => [id, object]))
    comparisons.push(compare(root, replica[root], fresh))
  }
  await client.query('COMMIT')
  return comparisons
}

function compare(
  root: Root,
  replica: ReadonlyMap<string, unknown>,
  fresh: ReadonlyMap<string, unknown>,
): Comparison {
  const unequal = [...new Set([...replica.keys(), ...fresh.keys()])]
    .filter((id) => canonical(replica.get(id)) !== canonical(fresh.get(id)))
    .map((id) => ({ id, differences: differences(replica.get(id), fresh.get(id)) }))
  return { root, inReplica: replica.size, inTables: fresh.size, unequal }
}

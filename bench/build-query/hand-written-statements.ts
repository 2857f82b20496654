/** The statements of one object in the shapes that people write. */
export interface HandWritten {
  /** A straight reading of the source document: each array is a join with the child table, grouped as a whole. */
  readonly grouped: (count: number) => string
  readonly lateral: string
  /** The grouped sub-queries are told which parents there are. */
  readonly pushDown: string
  readonly subSelects: string
}

const EMPTY = `'[]'::json`

const book = (reviews: string, tags: string): string =>
  `SELECT b.id, JSON_BUILD_OBJECT('id', b.id, 'title', b.title,
     'author', JSON_BUILD_OBJECT('name', a.name, 'org', o.name), 'reviews', ${reviews}, 'tags', ${tags}) AS object
   FROM book b LEFT JOIN author a ON a.id = b.author_id LEFT JOIN organization o ON o.id = a.org_id`

const author = (books: string): string =>
  `SELECT a.id, JSON_BUILD_OBJECT('name', a.name, 'books', ${books}) AS object FROM author a`

const list = (alias: string): string => `COALESCE(${alias}.list, ${EMPTY})`

const reviews = `JSON_AGG(JSON_BUILD_OBJECT('rating', r.rating, 'body', r.body, 'by', u.name)) AS list
   FROM review r LEFT JOIN reader u ON u.id = r.user_id`

const shortReviews = `JSON_AGG(JSON_BUILD_OBJECT('rating', r.rating, 'by', u.name)) AS list
   FROM review r LEFT JOIN reader u ON u.id = r.user_id`

const tags = 'JSON_AGG(t.label) AS list FROM book_tag bt LEFT JOIN tag t ON t.id = bt.tag_id'

const books = (ofReviews: string): string =>
  `JSON_AGG(JSON_BUILD_OBJECT('title', b.title, 'reviews', ${ofReviews})) AS list FROM book b`

/** A list of parameters, so that for one id the planner sees an equality, as it does in the source document. */
const parameters = (count: number): string => Array.from({ length: count }, (_, n) => `$${n + 1}`).join(', ')

export const bookStatements: HandWritten = {
  grouped: (count) => `${book(list('rr'), list('tt'))}
    LEFT JOIN (SELECT r.book_id, ${reviews} GROUP BY r.book_id) rr ON rr.book_id = b.id
    LEFT JOIN (SELECT bt.book_id, ${tags} GROUP BY bt.book_id) tt ON tt.book_id = b.id
    WHERE b.id IN (${parameters(count)})`,
  lateral: `${book(list('rr'), list('tt'))}
    LEFT JOIN LATERAL (SELECT ${reviews} WHERE r.book_id = b.id) rr ON TRUE
    LEFT JOIN LATERAL (SELECT ${tags} WHERE bt.book_id = b.id) tt ON TRUE
    WHERE b.id = ANY($1)`,
  pushDown: `${book(list('rr'), list('tt'))}
    LEFT JOIN (SELECT r.book_id, ${reviews} WHERE r.book_id = ANY($1) GROUP BY r.book_id) rr ON rr.book_id = b.id
    LEFT JOIN (SELECT bt.book_id, ${tags} WHERE bt.book_id = ANY($1) GROUP BY bt.book_id) tt ON tt.book_id = b.id
    WHERE b.id = ANY($1)`,
  subSelects: `${book(
    `COALESCE((SELECT ${reviews} WHERE r.book_id = b.id), ${EMPTY})`,
    `COALESCE((SELECT ${tags} WHERE bt.book_id = b.id), ${EMPTY})`,
  )} WHERE b.id = ANY($1)`,
}

export const authorStatements: HandWritten = {
  grouped: (count) => `${author(list('bb'))}
    LEFT JOIN (SELECT b.author_id, ${books(list('rr'))}
      LEFT JOIN (SELECT r.book_id, ${shortReviews} GROUP BY r.book_id) rr ON rr.book_id = b.id
      GROUP BY b.author_id) bb ON bb.author_id = a.id
    WHERE a.id IN (${parameters(count)})`,
  lateral: `${author(list('bb'))}
    LEFT JOIN LATERAL (SELECT ${books(list('rr'))}
      LEFT JOIN LATERAL (SELECT ${shortReviews} WHERE r.book_id = b.id) rr ON TRUE
      WHERE b.author_id = a.id) bb ON TRUE
    WHERE a.id = ANY($1)`,
  pushDown: `${author(list('bb'))}
    LEFT JOIN (SELECT b.author_id, ${books(list('rr'))}
      LEFT JOIN (SELECT r.book_id, ${shortReviews} JOIN book k ON k.id = r.book_id AND k.author_id = ANY($1)
        GROUP BY r.book_id) rr ON rr.book_id = b.id
      WHERE b.author_id = ANY($1) GROUP BY b.author_id) bb ON bb.author_id = a.id
    WHERE a.id = ANY($1)`,
  subSelects: `${author(
    `COALESCE((SELECT ${books(
      `COALESCE((SELECT ${shortReviews} WHERE r.book_id = b.id), ${EMPTY})`,
    )} WHERE b.author_id = a.id), ${EMPTY})`,
  )} WHERE a.id = ANY($1)`,
}

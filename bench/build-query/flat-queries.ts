/** Runs one statement with the keys as its one array. */
export type ReadRows = (name: string, text: string, keys: readonly unknown[]) => Promise<Row[]>

type Row = Record<string, string | number>

/** Objects by id, put together here from one flat query for each table. It is no snapshot: a limit to know, no design. */
export async function booksOfFlatQueries(
  read: ReadRows,
  ids: readonly string[],
): Promise<Map<string, unknown>> {
  const books = await read('book', 'SELECT id, title, author_id FROM book WHERE id = ANY($1)', ids)
  const authors = await read(
    'author',
    'SELECT id, name, org_id FROM author WHERE id = ANY($1)',
    keysOf(books, 'author_id'),
  )
  const organizations = await read('organization', namesIn('organization'), keysOf(authors, 'org_id'))
  const reviews = await read(
    'review',
    'SELECT book_id, user_id, rating, body FROM review WHERE book_id = ANY($1)',
    ids,
  )
  const readers = await read('reader', namesIn('reader'), keysOf(reviews, 'user_id'))
  const taggings = await read(
    'tagging',
    'SELECT bt.book_id, t.label FROM book_tag bt LEFT JOIN tag t ON t.id = bt.tag_id WHERE bt.book_id = ANY($1)',
    ids,
  )
  const organizationNames = namesOf(organizations)
  const readerNames = namesOf(readers)
  const authorsById = new Map(
    authors.map(({ id, name, org_id: org }) => [id, { name, org: organizationNames.get(org) ?? null }]),
  )
  const reviewsByBook = groupedBy(reviews, 'book_id')
  const taggingsByBook = groupedBy(taggings, 'book_id')
  return new Map(
    books.map(({ id, title, author_id: author }) => [
      String(id),
      {
        id,
        title,
        author: authorsById.get(author) ?? null,
        reviews: (reviewsByBook.get(id) ?? []).map(({ rating, body, user_id: user }) => ({
          rating,
          body,
          by: readerNames.get(user) ?? null,
        })),
        tags: (taggingsByBook.get(id) ?? []).map(({ label }) => label),
      },
    ]),
  )
}

export async function authorsOfFlatQueries(
  read: ReadRows,
  ids: readonly string[],
): Promise<Map<string, unknown>> {
  const authors = await read('author', namesIn('author'), ids)
  const books = await read('book', 'SELECT id, title, author_id FROM book WHERE author_id = ANY($1)', ids)
  const reviews = await read(
    'review',
    'SELECT book_id, user_id, rating FROM review WHERE book_id = ANY($1)',
    keysOf(books, 'id'),
  )
  const readers = await read('reader', namesIn('reader'), keysOf(reviews, 'user_id'))
  const readerNames = namesOf(readers)
  const reviewsByBook = groupedBy(reviews, 'book_id')
  const booksByAuthor = groupedBy(books, 'author_id')
  return new Map(
    authors.map(({ id, name }) => [
      String(id),
      {
        name,
        books: (booksByAuthor.get(id) ?? []).map((book) => ({
          title: book.title,
          reviews: (reviewsByBook.get(book.id) ?? []).map(({ rating, user_id: user }) => ({
            rating,
            by: readerNames.get(user) ?? null,
          })),
        })),
      },
    ]),
  )
}

function groupedBy(rows: readonly Row[], column: string): Map<string | number | undefined, Row[]> {
  const groups = new Map<string | number | undefined, Row[]>()
  for (const row of rows) {
    const group = groups.get(row[column])
    if (group === undefined) groups.set(row[column], [row])
    else group.push(row)
  }
  return groups
}

function namesIn(table: string): string {
  return `SELECT id, name FROM ${table} WHERE id = ANY($1)`
}

function keysOf(rows: readonly Row[], column: string): unknown[] {
  return [...new Set(rows.map((row) => row[column]))]
}

function namesOf(rows: readonly Row[]): Map<string | number | undefined, string | number | undefined> {
  return new Map(rows.map(({ id, name }) => [id, name]))
}

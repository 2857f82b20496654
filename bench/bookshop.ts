import type { RootSchema, Schema } from 'pg-capture'
import type pg from 'pg'

/** How much there is in the bookshop of the benchmarks. */
export interface BookshopSize {
  readonly books: number
  readonly reviews: number
  readonly taggings: number
  readonly users: number
  readonly authors: number
  readonly organizations: number
}

/** The proportions of a bookshop: five reviews, three tags and a tenth of an author for each book. */
export function bookshopOf(books: number): BookshopSize {
  return {
    books,
    reviews: books * 5,
    taggings: books * 3,
    users: Math.ceil(books / 4),
    authors: Math.ceil(books / 10),
    organizations: Math.ceil(books / 400),
  }
}

/** What `--full` measures. */
export const FULL_SIZE: BookshopSize = bookshopOf(200_000)

export const SMALL_SIZE: BookshopSize = bookshopOf(20_000)

const LABELS = 200

/** Neighbours in a table hang on rows far apart, as they do in a table that has lived for a while. */
export async function fillBookshop(client: pg.Client, size: BookshopSize): Promise<void> {
  const { books, reviews, taggings, users, authors, organizations } = size
  await client.query(`
    create table organization (id int primary key, name text not null);
    create table author (id int primary key, name text not null, org_id int not null);
    create table book (id int primary key, title text not null, author_id int not null, stock int not null default 0);
    create table reader (id int primary key, name text not null);
    create table review (id int primary key, book_id int not null, user_id int not null, rating int not null, body text not null);
    create table tag (id int primary key, label text not null);
    create table book_tag (id int primary key, book_id int not null, tag_id int not null);
    insert into organization select n, 'Organization ' || n from generate_series(1, ${organizations}) n;
    insert into author select n, 'Author ' || n, 1 + (n::bigint * 7919) % ${organizations} from generate_series(1, ${authors}) n;
    insert into book select n, 'The book number ' || n, 1 + (n::bigint * 7919) % ${authors} from generate_series(1, ${books}) n;
    insert into reader select n, 'Reader ' || n from generate_series(1, ${users}) n;
    insert into review
      select n, 1 + (n::bigint * 7919) % ${books}, 1 + (n::bigint * 10007) % ${users}, 1 + n % 5, 'What I thought of it, number ' || n
      from generate_series(1, ${reviews}) n;
    insert into tag select n, 'tag ' || n from generate_series(1, ${LABELS}) n;
    insert into book_tag
      select n, 1 + (n::bigint * 104729) % ${books}, 1 + (n::bigint * 31) % ${LABELS} from generate_series(1, ${taggings}) n;
    create index on author (org_id);
    create index on book (author_id);
    create index on review (book_id);
    create index on review (user_id);
    create index on book_tag (book_id);
    create index on book_tag (tag_id);
  `)
  for (const table of ['organization', 'author', 'book', 'reader', 'review', 'tag', 'book_tag'])
    await client.query(`alter table ${table} replica identity full`)
  // A benchmark is not to run beside an autovacuum that the load has called for.
  await client.query('vacuum (analyze, freeze)')
  await client.query('checkpoint')
}

/** So many different ids of `table`'s first `rows`, far from each other; another `round` gives others. */
export function scatteredIds(rows: number, count: number, round: number): string[] {
  return Array.from({ length: count }, (_, n) => String(1 + (((n + round * count) * 7_919 + round) % rows)))
}

const column = (name: string): Schema => ({ type: 'column', column: name })

const object = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties })

const one = (of: string, referencesTable: string, schema: Schema): Schema => ({
  type: 'many-to-one',
  column: of,
  referencesTable,
  referencesColumn: 'id',
  hasFKConstraint: true,
  schema,
})

const many = (referencingTable: string, referencingColumn: string, schema: Schema): Schema => ({
  type: 'one-to-many',
  column: 'id',
  referencingTable,
  referencingColumn,
  schema,
})

/** One level of arrays: book { id, title, author { name, org }, reviews [{ rating, body, by }], tags [label] }. */
export const bookSchema: RootSchema = {
  table: 'book',
  primaryKey: 'id',
  schema: object({
    id: column('id'),
    title: column('title'),
    author: one(
      'author_id',
      'author',
      object({ name: column('name'), org: one('org_id', 'organization', column('name')) }),
    ),
    reviews: many(
      'review',
      'book_id',
      object({
        rating: column('rating'),
        body: column('body'),
        by: one('user_id', 'reader', column('name')),
      }),
    ),
    tags: many('book_tag', 'book_id', one('tag_id', 'tag', column('label'))),
  }),
}

/** Two levels of arrays: author { name, books [{ title, reviews [{ rating, by }] }] }. */
export const authorSchema: RootSchema = {
  table: 'author',
  primaryKey: 'id',
  schema: object({
    name: column('name'),
    books: many(
      'book',
      'author_id',
      object({
        title: column('title'),
        reviews: many(
          'review',
          'book_id',
          object({ rating: column('rating'), by: one('user_id', 'reader', column('name')) }),
        ),
      }),
    ),
  }),
}

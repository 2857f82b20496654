import type { ObjectSchema, RootSchema, TableRequirement } from 'pg-capture'
import type { ScriptTable } from '../oracle/script.ts'

/** Two objects over four tables: many-to-one over two levels, one-to-many over two levels, with and without a foreign key. */
const book: ObjectSchema = {
  type: 'object',
  properties: {
    title: { type: 'column', column: 'title' },
    author: {
      type: 'many-to-one',
      column: 'author_id',
      referencesTable: 'author',
      referencesColumn: 'id',
      hasFKConstraint: true,
      schema: {
        type: 'object',
        properties: {
          name: { type: 'column', column: 'name' },
          country: {
            type: 'many-to-one',
            column: 'country',
            referencesTable: 'country',
            referencesColumn: 'code',
            hasFKConstraint: false,
            schema: { type: 'column', column: 'name' },
          },
        },
      },
    },
    ratings: {
      type: 'one-to-many',
      column: 'id',
      referencingTable: 'review',
      referencingColumn: 'book_id',
      schema: { type: 'column', column: 'rating' },
    },
  },
}

const author: ObjectSchema = {
  type: 'object',
  properties: {
    name: { type: 'column', column: 'name' },
    books: {
      type: 'one-to-many',
      column: 'id',
      referencingTable: 'book',
      referencingColumn: 'author_id',
      schema: {
        type: 'object',
        properties: {
          id: { type: 'column', column: 'id' },
          title: { type: 'column', column: 'title' },
          ratings: {
            type: 'one-to-many',
            column: 'id',
            referencingTable: 'review',
            referencingColumn: 'book_id',
            schema: { type: 'column', column: 'rating' },
          },
        },
      },
    },
  },
}

/** Each has an aggregator, a set and a queue of its own. */
export const rootSchemas: readonly (RootSchema & { readonly table: string })[] = [
  { table: 'book', primaryKey: 'id', schema: book },
  { table: 'author', primaryKey: 'id', schema: author },
]

/** What a source is asked for where no Capture does it. */
export const requirements: readonly TableRequirement[] = [
  { table: 'book', oldColumns: ['id', 'author_id'] },
  { table: 'author', oldColumns: ['id', 'country'] },
  { table: 'review', oldColumns: ['book_id'] },
  { table: 'country', oldColumns: ['code'] },
]

export const tables: readonly ScriptTable[] = [
  described('country', { code: 'text', name: 'text' }),
  described('author', { id: 'int', name: 'text', country: 'text' }),
  described('book', { id: 'int', title: 'text', author_id: 'int' }),
  described('review', { id: 'int', book_id: 'int', rating: 'int' }),
]

function described(table: string, columns: Readonly<Record<string, string>>): ScriptTable {
  const list = Object.entries(columns).map(([name, type]) => ({ name, type }))
  return { schema: 'public', table, columns: list, create: [] }
}

export const shopSetup = `
  CREATE TABLE country (code text PRIMARY KEY, name text);
  CREATE TABLE author (id int PRIMARY KEY, name text, country text);
  CREATE TABLE book (id int PRIMARY KEY, title text,
    author_id int REFERENCES author ON UPDATE CASCADE ON DELETE CASCADE);
  CREATE TABLE review (id int PRIMARY KEY, book_id int REFERENCES book ON UPDATE CASCADE ON DELETE CASCADE, rating int);
  CREATE INDEX ON author (country);
  CREATE INDEX ON book (author_id);
  CREATE INDEX ON review (book_id);
  ALTER TABLE country REPLICA IDENTITY FULL;
  ALTER TABLE author REPLICA IDENTITY FULL;
  ALTER TABLE book REPLICA IDENTITY FULL;
  ALTER TABLE review REPLICA IDENTITY FULL`

/** How many ids the write load chooses from. */
export const idsOf = { country: 8, author: 30, book: 120, review: 400 } as const

/** What is there before the load; run it when the slot is. */
export const shopRows = `
  INSERT INTO country SELECT 'c' || n, 'Country ' || n FROM generate_series(1, ${idsOf.country / 2}) AS n;
  INSERT INTO author SELECT n, 'Author ' || n, 'c' || n % ${idsOf.country} FROM generate_series(1, 20) AS n;
  INSERT INTO book SELECT n, 'Book ' || n, 1 + n % 20 FROM generate_series(1, 80) AS n;
  INSERT INTO review SELECT n, 1 + n % 80, n % 6 FROM generate_series(1, 200) AS n`

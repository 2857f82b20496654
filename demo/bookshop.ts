import type { RootSchema, Schema } from 'pg-capture'

export const tables = `
CREATE TABLE publisher (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE author (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE book (
  id text PRIMARY KEY,
  title text NOT NULL,
  price numeric(6, 2) NOT NULL,
  stock int NOT NULL,
  author_id text NOT NULL REFERENCES author ON UPDATE CASCADE,
  publisher_id text NOT NULL REFERENCES publisher
);
CREATE TABLE review (
  id int PRIMARY KEY,
  book_id text NOT NULL REFERENCES book ON UPDATE CASCADE ON DELETE CASCADE,
  reader text NOT NULL,
  stars int NOT NULL
);
CREATE TABLE tag (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE book_tag (
  book_id text NOT NULL REFERENCES book ON UPDATE CASCADE ON DELETE CASCADE,
  tag_id int NOT NULL REFERENCES tag,
  PRIMARY KEY (book_id, tag_id)
);
CREATE INDEX ON book (author_id);
CREATE INDEX ON book (publisher_id);
CREATE INDEX ON review (book_id);
CREATE INDEX ON book_tag (tag_id);
-- So that the old row tells which author a book has left, and which book a deleted review belonged to.
ALTER TABLE book REPLICA IDENTITY FULL;
ALTER TABLE review REPLICA IDENTITY FULL;
`

const column = (name: string): Schema => ({ type: 'column', column: name })

const tagNames: Schema = {
  type: 'one-to-many',
  column: 'id',
  referencingTable: 'book_tag',
  referencingColumn: 'book_id',
  schema: {
    type: 'many-to-one',
    column: 'tag_id',
    referencesTable: 'tag',
    referencesColumn: 'id',
    hasFKConstraint: true,
    schema: column('name'),
  },
}

const book: RootSchema = {
  table: 'book',
  primaryKey: 'id',
  schema: {
    type: 'object',
    properties: {
      id: column('id'),
      title: column('title'),
      price: column('price'),
      author: {
        type: 'many-to-one',
        column: 'author_id',
        referencesTable: 'author',
        referencesColumn: 'id',
        hasFKConstraint: true,
        schema: { type: 'object', properties: { id: column('id'), name: column('name') } },
      },
      publisher: {
        type: 'many-to-one',
        column: 'publisher_id',
        referencesTable: 'publisher',
        referencesColumn: 'id',
        hasFKConstraint: true,
        schema: column('name'),
      },
      tags: tagNames,
      reviews: {
        type: 'one-to-many',
        column: 'id',
        referencingTable: 'review',
        referencingColumn: 'book_id',
        schema: {
          type: 'object',
          properties: { id: column('id'), reader: column('reader'), stars: column('stars') },
        },
      },
    },
  },
}

const author: RootSchema = {
  table: 'author',
  primaryKey: 'id',
  schema: {
    type: 'object',
    properties: {
      id: column('id'),
      name: column('name'),
      books: {
        type: 'one-to-many',
        column: 'id',
        referencingTable: 'book',
        referencingColumn: 'author_id',
        schema: {
          type: 'object',
          properties: {
            id: column('id'),
            title: column('title'),
            price: column('price'),
            tags: tagNames,
          },
        },
      },
    },
  },
}

/** What is captured: two kinds of objects, over one slot. */
export const roots = { book, author }

export type Root = keyof typeof roots

export const rootNames: readonly Root[] = ['book', 'author']

import type { ObjectSchema, RootSchema, UpdateEvent } from 'pg-capture'

/** Tables and rows for tests: books with their author and reviews. */
export const library = `
  create table author (id text primary key, name text);
  create table book (id int primary key, title text, "authorId" text references author);
  create table review (id int primary key, "bookId" int references book on delete cascade, rating int);
  create index on book ("authorId");
  create index on review ("bookId");
  insert into author values ('alice', 'Alice'), ('bob', 'Bob');
  insert into book values (1, 'One', 'alice'), (2, 'Two', 'alice'), (3, 'Three', 'bob');
  insert into review values (10, 1, 5), (11, 1, 3)`

const bookObject: ObjectSchema = {
  type: 'object',
  properties: {
    title: { type: 'column', column: 'title' },
    author: {
      type: 'many-to-one',
      column: 'authorId',
      referencesTable: 'author',
      referencesColumn: 'id',
      hasFKConstraint: true,
      schema: { type: 'column', column: 'name' },
    },
    ratings: {
      type: 'one-to-many',
      column: 'id',
      referencingTable: 'review',
      referencingColumn: 'bookId',
      schema: { type: 'column', column: 'rating' },
    },
  },
}

export const bookSchema: RootSchema = { table: 'book', primaryKey: 'id', schema: bookObject }

export const firstBook = { id: '1', object: { title: 'One', author: 'Alice', ratings: [3, 5] } }
export const secondBook = { id: '2', object: { title: 'Two', author: 'Alice', ratings: [] } }
export const thirdBook = { id: '3', object: { title: 'Three', author: 'Bob', ratings: [] } }

/** The event of a change of the book's title, as a source of text values sends it. */
export function retitled(id: string): UpdateEvent {
  return {
    action: 'UPDATE',
    table: 'book',
    data: { id, title: 'after', authorId: 'alice' },
    dataOld: { id, title: 'before', authorId: 'alice' },
  }
}

import type { RootSchema } from 'pg-capture'

/** Both processes use the same schema. */
export const book: RootSchema = {
  table: 'book',
  primaryKey: 'id',
  schema: {
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
  },
}

export const tables = `
  CREATE TABLE author (id text PRIMARY KEY, name text NOT NULL);
  CREATE TABLE book (id int PRIMARY KEY, title text NOT NULL, "authorId" text NOT NULL REFERENCES author);
  CREATE TABLE review (id int PRIMARY KEY, "bookId" int NOT NULL REFERENCES book ON DELETE CASCADE, rating int NOT NULL);
  CREATE INDEX ON book ("authorId");
  CREATE INDEX ON review ("bookId");
  ALTER TABLE book REPLICA IDENTITY FULL;
  ALTER TABLE review REPLICA IDENTITY FULL;
  CREATE TABLE kept_book (id text PRIMARY KEY, object json NOT NULL)`

/** What the objects have to be, in SQL written by hand. */
export const truth = `
  SELECT book.id, json_build_object(
    'title', book.title,
    'author', author.name,
    'ratings', array(SELECT rating FROM review WHERE "bookId" = book.id ORDER BY rating)
  ) AS object
  FROM book JOIN author ON author.id = book."authorId"`

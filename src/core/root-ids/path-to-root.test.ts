import { describe, expect, test } from 'vitest'
import { planOf } from '../schema/plan.ts'
import type { OneToManySchema, RootSchema, Schema } from '../schema/schema.ts'
import { sql } from '../sql/fragment.ts'
import { QueryBuilder } from '../sql/query-builder.ts'
import { allRootIds, pathToRoot, pathsOf } from './path-to-root.ts'

const name: Schema = { type: 'column', column: 'name' }

function one(column: string, table: string, referencesColumn: string, schema: Schema, hasFK = true): Schema {
  return {
    type: 'many-to-one',
    column,
    referencesTable: table,
    referencesColumn,
    hasFKConstraint: hasFK,
    schema,
  }
}

function many(column: string, table: string, referencingColumn: string, schema: Schema): Schema {
  return { type: 'one-to-many', column, referencingTable: table, referencingColumn, schema }
}

/** Key column and condition of the look-up for the deepest place of a schema. */
function pathOf(
  schema: Schema,
  root: Partial<RootSchema> = {},
): { keyColumn: string; statement: string | null } {
  const plan = planOf({ table: 'book', primaryKey: 'id', schema, ...root })
  const { keyColumns, short, ...path } = pathToRoot(plan, plan.nodes.at(-1)!, 'value')
  const lookUp = short?.lookUp === null ? null : path.lookUp
  const parts = lookUp && sql`${lookUp.head}${lookUp.columns.join()} = $1${lookUp.tail}`
  return { keyColumn: keyColumns.join(), statement: parts && new QueryBuilder(parts).toQuery().text }
}

describe('the path of a place', () => {
  test('is the primary key at the root: no look-up', () => {
    expect(pathOf(name)).toEqual({ keyColumn: 'id', statement: null })
  })

  test('is the link where rows point to the primary key of the root: no look-up', () => {
    expect(pathOf(many('id', 'review', 'bookId', name))).toEqual({ keyColumn: 'bookId', statement: null })
  })

  test('asks the root alone for a row that the root points to', () => {
    expect(pathOf(one('authorId', 'author', 'code', name))).toEqual({
      keyColumn: 'code',
      statement:
        'SELECT "book_1"."id" AS "id" FROM "book" AS "book_1" WHERE "book_1"."authorId" = $1 GROUP BY "book_1"."id"',
    })
  })

  test('asks the root alone for rows that point to a column which is not its primary key', () => {
    expect(pathOf(many('isbn', 'review', 'bookIsbn', name))).toEqual({
      keyColumn: 'bookIsbn',
      statement:
        'SELECT "book_1"."id" AS "id" FROM "book" AS "book_1" WHERE "book_1"."isbn" = $1 GROUP BY "book_1"."id"',
    })
  })

  test.each([true, false])('leaves out a row that only passes the key on (foreign key: %s)', (hasFK) => {
    // What an author has, through author.id, has the very value of book.authorId.
    const awards = many('id', 'award', 'authorId', name)
    expect(pathOf(one('authorId', 'author', 'id', awards, hasFK))).toEqual({
      keyColumn: 'authorId',
      statement:
        'SELECT "book_1"."id" AS "id" FROM "book" AS "book_1" WHERE "book_1"."authorId" = $1 GROUP BY "book_1"."id"',
    })
  })

  test('needs no look-up where all rows between pass the primary key on', () => {
    const deepest = many('bookId', 'note', 'bookId', name)
    expect(pathOf(many('id', 'edition', 'bookId', deepest))).toEqual({ keyColumn: 'bookId', statement: null })
  })

  test('joins the rows between that translate the key', () => {
    const reader = one('readerId', 'reader', 'id', name)
    expect(pathOf(many('id', 'review', 'bookId', reader))).toEqual({
      keyColumn: 'id',
      statement:
        'SELECT "book_1"."id" AS "id" FROM "book" AS "book_1"' +
        ' JOIN "review" AS "review_1" ON "review_1"."bookId" = "book_1"."id"' +
        ' WHERE "review_1"."readerId" = $1 GROUP BY "book_1"."id"',
    })
  })

  test('joins through several tables, from the root down', () => {
    const city = one('cityId', 'city', 'id', name)
    const reader = one('readerId', 'reader', 'id', city)
    expect(pathOf(many('isbn', 'review', 'bookIsbn', reader)).statement).toBe(
      'SELECT "book_1"."id" AS "id" FROM "book" AS "book_1"' +
        ' JOIN "review" AS "review_1" ON "review_1"."bookIsbn" = "book_1"."isbn"' +
        ' JOIN "reader" AS "reader_1" ON "reader_1"."id" = "review_1"."readerId"' +
        ' WHERE "reader_1"."cityId" = $1 GROUP BY "book_1"."id"',
    )
  })

  test('leaves out a passing row also in the middle of a path', () => {
    const shelf = one('shelfId', 'shelf', 'id', name)
    const copies = many('id', 'copy', 'authorId', shelf)
    expect(pathOf(one('authorId', 'author', 'id', copies)).statement).toBe(
      'SELECT "book_1"."id" AS "id" FROM "book" AS "book_1"' +
        ' JOIN "copy" AS "copy_1" ON "copy_1"."authorId" = "book_1"."authorId"' +
        ' WHERE "copy_1"."shelfId" = $1 GROUP BY "book_1"."id"',
    )
  })

  test('gives a table that refers to itself two aliases', () => {
    expect(pathOf(one('sequelOf', 'book', 'isbn', many('isbn', 'book', 'prequelOf', name))).statement).toBe(
      'SELECT "book_1"."id" AS "id" FROM "book" AS "book_1" WHERE "book_1"."sequelOf" = $1 GROUP BY "book_1"."id"',
    )
    const twice = one('sequelOf', 'book', 'isbn', one('sequelOf', 'book', 'isbn', name))
    expect(pathOf(twice).statement).toBe(
      'SELECT "book_1"."id" AS "id" FROM "book" AS "book_1"' +
        ' JOIN "book" AS "book_2" ON "book_2"."isbn" = "book_1"."sequelOf"' +
        ' WHERE "book_2"."sequelOf" = $1 GROUP BY "book_1"."id"',
    )
  })

  test('names Postgres schemas, and quotes in names', () => {
    const path = pathOf(one('a"b', 'library.au"thor', 'c"d', name), {
      table: 'library.book',
      primaryKey: 'i"d',
    })
    expect(path).toEqual({
      keyColumn: 'c"d',
      statement:
        'SELECT "book_1"."i""d" AS "id" FROM "library"."book" AS "book_1" WHERE "book_1"."a""b" = $1 GROUP BY "book_1"."i""d"',
    })
  })
})

describe('the path of a place below filters', () => {
  const printed = {
    type: 'many-to-one',
    column: 'printerId',
    referencesTable: 'printer',
    referencesColumn: 'id',
  } as const
  const plan = planOf({
    table: 'book',
    primaryKey: 'id',
    where: { hidden: false },
    schema: {
      ...(many('id', 'edition', 'bookId', {
        ...printed,
        hasFKConstraint: false,
        schema: name,
      }) as OneToManySchema),
      where: { year: { gt: 1900 } },
    },
  })

  test('leads over rows that count alone, their values as parameters behind the keys', () => {
    const { lookUp } = pathToRoot(plan, plan.nodes.at(-1)!, 'value')
    expect(lookUp?.pages.first).toEqual({
      text: expect.stringContaining(
        'SELECT "book_1"."id" AS "id" FROM "book" AS "book_1" JOIN "edition" AS "edition_1"' +
          ' ON "edition_1"."bookId" = "book_1"."id" AND "edition_1"."year" > $2' +
          ' WHERE "edition_1"."printerId" = ANY(COALESCE($1, ARRAY(SELECT "id" FROM "printer" WHERE FALSE)))' +
          ' AND "book_1"."hidden" = $3 GROUP BY "book_1"."id" ORDER BY "book_1"."id" LIMIT 200000',
      ) as unknown,
      fixed: [1900, false],
    })
  })

  test('selects the roots that count, where all are meant', () => {
    expect(new QueryBuilder(allRootIds(plan)).toString()).toBe(
      'SELECT "book_1"."id" AS "id" FROM "book" AS "book_1" WHERE "book_1"."hidden" = FALSE',
    )
  })
})

describe('a path whose last link is to the primary key of the root', () => {
  const readers = many('id', 'review', 'bookId', one('readerId', 'reader', 'id', name, false))

  function shortOf(schema: Schema, root: Partial<RootSchema> = {}): [string, string | undefined] | null {
    const plan = planOf({ table: 'book', primaryKey: 'id', schema, ...root })
    const { short } = pathToRoot(plan, plan.nodes.at(-1)!, 'text')
    return short && [`${short.node.table.table}.${short.columns.join()}`, short.lookUp?.pages.first.text]
  }

  test('ends where the id stands, and does not read the root', () => {
    expect(shortOf(readers)).toEqual([
      'review.bookId',
      expect.stringContaining(
        `SELECT FORMAT('%s', "review_1"."bookId") AS "id" FROM "review" AS "review_1"` +
          ' WHERE "review_1"."readerId" = ANY(COALESCE($1, ARRAY(SELECT "id" FROM "reader" WHERE FALSE)))' +
          ' AND "review_1"."bookId" IS NOT NULL GROUP BY "review_1"."bookId" ORDER BY "review_1"."bookId" LIMIT 200000',
      ),
    ])
  })

  test('needs no look-up where the changed row has the id', () => {
    expect(shortOf(many('id', 'review', 'bookId', name))).toEqual(['review.bookId', undefined])
  })

  test('leads over rows that count alone', () => {
    const filtered = { ...readers, where: { rating: { gt: 3 } } } as Schema
    expect(shortOf(filtered)?.[1]).toContain('AND "review_1"."rating" > $2 GROUP BY')
  })

  test('joins what is between', () => {
    const deep = many(
      'id',
      'review',
      'bookId',
      many('id', 'vote', 'reviewId', one('voterId', 'reader', 'id', name, false)),
    )
    expect(shortOf(deep)?.[1]).toMatch(
      /"bookId"\) AS "id" FROM "review" AS "review_1" JOIN "vote" AS "vote_1" ON "vote_1"."reviewId" = "review_1"."id" WHERE "vote_1"."voterId" = ANY/,
    )
  })

  test('reads the root all the same where it has a filter, or where the link is another one', () => {
    expect(shortOf(readers, { where: { hidden: false } })).toBeNull()
    expect(shortOf(readers, { primaryKey: 'isbn' })).toBeNull()
    expect(shortOf(readers, { primaryKey: ['id', 'shelf'] })).toBeNull()
  })
})

describe('pathsOf', () => {
  const plan = planOf({
    table: 'book',
    primaryKey: 'id',
    schema: { type: 'object', properties: { author: one('authorId', 'author', 'id', name), name } },
  })

  test('has the path of every place, compiled once', () => {
    expect([...pathsOf(plan, 'text').keys()]).toEqual(plan.nodes)
    expect(pathsOf(plan, 'value')).toBe(pathsOf(plan, 'value'))
  })

  test('gives ids as text', () => {
    expect(pathsOf(plan, 'text').get(plan.nodes[1]!)?.lookUp?.pages.first.text).toContain(
      `SELECT FORMAT('%s', "book_1"."id") AS "id" `,
    )
  })
})

describe('allRootIds', () => {
  test('selects the primary key of every root', () => {
    const plan = planOf({ table: 'library.book', primaryKey: 'isbn', schema: name })
    expect(new QueryBuilder(allRootIds(plan)).toString()).toBe(
      'SELECT "book_1"."isbn" AS "id" FROM "library"."book" AS "book_1"',
    )
  })
})

import { buildSchemaQuery, defineSchema, type ObjectOf } from 'pg-capture'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { type Bookshop, bookshopTables } from './bookshop.ts'

// What the compiler takes for an object of the type is what Postgres builds.

const database = testDatabase({ setup: bookshopTables })

const books = defineSchema<Bookshop>()({
  table: 'public.book',
  primaryKey: 'id',
  schema: {
    type: 'object',
    properties: {
      title: { type: 'column', column: 'title' },
      subtitle: { type: 'column', column: 'subtitle' },
      weight: { type: 'column', column: 'weight' },
      status: { type: 'column', column: 'status' },
      created: { type: 'column', column: 'created_at' },
      details: { type: 'column', column: 'details' },
      tags: { type: 'column', column: 'tags' },
      cover: { type: 'column', column: 'cover' },
      loan: { type: 'column', column: 'loan' },
      available: { type: 'column', column: 'available' },
      author: {
        type: 'many-to-one',
        column: 'authorId',
        referencesTable: 'author',
        referencesColumn: 'id',
        hasFKConstraint: true,
        schema: {
          type: 'object',
          properties: { name: { type: 'column', column: 'name' }, born: { type: 'column', column: 'born' } },
        },
      },
      booksOfEditor: {
        type: 'many-to-one',
        column: 'editor_id',
        referencesTable: 'author',
        referencesColumn: 'id',
        hasFKConstraint: true,
        schema: {
          type: 'one-to-many',
          column: 'id',
          referencingTable: 'book',
          referencingColumn: 'authorId',
          schema: { type: 'column', column: 'title' },
        },
      },
      shelves: {
        type: 'one-to-many',
        column: 'id',
        referencingTable: 'stock.copy',
        referencingColumn: 'book_id',
        schema: { type: 'column', column: 'shelf' },
      },
      all: {
        type: 'one-to-many',
        column: 'id',
        referencingTable: { schema: 'stock', table: 'copy' },
        referencingColumn: 'book_id',
        orderBy: { column: 'number' },
        keepNulls: true,
        schema: { type: 'column', column: 'shelf' },
      },
      detailsOfCopies: {
        type: 'one-to-many',
        column: 'id',
        referencingTable: 'stock.copy',
        referencingColumn: 'book_id',
        schema: {
          type: 'many-to-one',
          column: 'book_id',
          referencesTable: 'book',
          referencesColumn: 'id',
          hasFKConstraint: true,
          schema: { type: 'column', column: 'details' },
        },
      },
      count: {
        type: 'aggregate',
        function: 'count',
        column: 'id',
        referencingTable: 'stock.copy',
        referencingColumn: 'book_id',
      },
      last: {
        type: 'aggregate',
        function: 'max',
        column: 'id',
        referencingTable: 'stock.copy',
        referencingColumn: 'book_id',
        schema: { type: 'column', column: 'number' },
      },
    },
  },
})

test('objects are of the type that is told of them', async () => {
  const expected: Record<string, ObjectOf<typeof books>> = {
    '9007199254740993': {
      title: 'Emma',
      subtitle: null,
      weight: 1.5,
      status: 'published',
      created: '2026-01-31T12:00:00+00:00',
      details: { a: [1, null] },
      tags: ['x'],
      cover: String.raw`\x00ff`,
      loan: '2 days',
      available: true,
      author: { name: 'Jane', born: '1775-12-16' },
      booksOfEditor: null,
      shelves: [],
      all: [],
      detailsOfCopies: [],
      count: 0,
      last: null,
    },
    '8': {
      title: 'Sanditon',
      subtitle: 'A Fragment',
      weight: null,
      status: 'draft',
      created: '2026-01-31T12:00:00+00:00',
      details: null,
      tags: [],
      cover: null,
      loan: null,
      available: false,
      author: { name: 'Jane', born: '1775-12-16' },
      booksOfEditor: [],
      shelves: ['A'],
      all: ['A', null],
      detailsOfCopies: [null, null],
      count: 2,
      last: 2,
    },
  }
  const client = await database.client({ options: '-c timezone=UTC' })
  const rows = await buildSchemaQuery(books, Object.keys(expected)).run(client)
  expect(Object.fromEntries(rows.map(({ id, object }) => [id, object]))).toEqual(expected)
})

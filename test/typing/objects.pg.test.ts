import { buildSchemaQuery, defineSchema, type ObjectOf } from 'pg-capture'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { type Bookshop, bookshopTables } from './bookshop.ts'

// What the compiler takes for an object of the type is what Postgres builds.

const database = testDatabase({ setup: bookshopTables })

const copies = {
  type: 'one-to-many',
  column: 'id',
  referencingTable: 'stock.copy',
  referencingColumn: 'book_id',
} as const

const loansOfCopy = {
  type: 'one-to-many',
  column: ['book_id', 'number'],
  referencingTable: 'stock.loan',
  referencingColumn: ['book_id', 'number'],
  schema: { type: 'column', column: 'reader' },
} as const

const books = defineSchema<Bookshop>()({
  table: 'public.book',
  primaryKey: 'id',
  schema: {
    type: 'object',
    properties: {
      id: { type: 'column', column: 'id' },
      price: { type: 'column', column: 'price' },
      sizes: { type: 'column', column: 'sizes' },
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
      shelves: { ...copies, schema: { type: 'column', column: 'shelf' } },
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
        ...copies,
        schema: {
          type: 'many-to-one',
          column: 'book_id',
          referencesTable: 'book',
          referencesColumn: 'id',
          hasFKConstraint: true,
          schema: { type: 'column', column: 'details' },
        },
      },
      count: { ...copies, type: 'aggregate', function: 'count' },
      any: { ...copies, type: 'aggregate', function: 'exists', where: { shelf: { not: null } } },
      last: { ...copies, type: 'aggregate', function: 'max', schema: { type: 'column', column: 'number' } },
      firstShelf: {
        ...copies,
        type: 'aggregate',
        function: 'min',
        schema: { type: 'column', column: 'shelf' },
      },
      sum: { ...copies, type: 'aggregate', function: 'sum', schema: { type: 'column', column: 'number' } },
      mean: { ...copies, type: 'aggregate', function: 'avg', schema: { type: 'column', column: 'number' } },
      top: {
        ...copies,
        orderBy: { column: 'number', direction: 'desc' },
        limit: 1,
        schema: { type: 'object', properties: { number: { type: 'column', column: 'number' } } },
      },
      readers: { ...copies, orderBy: { column: 'number' }, flatten: false, schema: loansOfCopy },
      readersFlat: { ...copies, schema: loansOfCopy },
      readersNull: { ...copies, keepNulls: true, orderBy: { column: 'number' }, schema: loansOfCopy },
      readersNullApart: {
        ...copies,
        orderBy: { column: 'number' },
        flatten: false,
        schema: { ...loansOfCopy, keepNulls: true, orderBy: { column: 'reader' } },
      },
      readersOfEditor: {
        type: 'many-to-one',
        column: 'editor_id',
        referencesTable: 'author',
        referencesColumn: 'id',
        hasFKConstraint: true,
        schema: {
          type: 'aggregate',
          function: 'count',
          column: 'id',
          referencingTable: 'book',
          referencingColumn: 'authorId',
        },
      },
    },
  },
})

test('objects are of the type that is told of them', async () => {
  const expected: Record<string, ObjectOf<typeof books>> = {
    '9007199254740993': {
      id: '9007199254740993',
      price: '123456789012345678.12',
      sizes: ['9007199254740993', 1],
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
      any: false,
      last: null,
      firstShelf: null,
      sum: null,
      mean: null,
      top: [],
      readers: [],
      readersFlat: [],
      readersNull: [],
      readersNullApart: [],
      readersOfEditor: null,
    },
    '8': {
      id: 8,
      price: 12.5,
      sizes: null,
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
      any: true,
      last: 2,
      firstShelf: 'A',
      sum: 3,
      mean: 1.5,
      top: [{ number: 2 }],
      readers: [['Ann'], []],
      readersFlat: ['Ann'],
      readersNull: ['Ann', null],
      readersNullApart: [['Ann', null], []],
      readersOfEditor: 0,
    },
  }
  const client = await database.client({ options: '-c timezone=UTC' })
  const rows = await buildSchemaQuery(books, Object.keys(expected)).run(client)
  expect(Object.fromEntries(rows.map(({ id, object }) => [id, object]))).toEqual(expected)
})

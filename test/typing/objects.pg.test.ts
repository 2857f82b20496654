import {
  buildSchemaQuery,
  type Changes,
  defineSchema,
  EventAggregator,
  type IdOf,
  type ObjectOf,
} from 'pg-capture'
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
      any: false,
      last: null,
      firstShelf: null,
      sum: null,
      mean: null,
      top: [],
      readers: [],
      readersFlat: [],
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
      any: true,
      last: 2,
      firstShelf: 'A',
      sum: 3,
      mean: 1.5,
      top: [{ number: 2 }],
      readers: [['Ann'], []],
      readersFlat: ['Ann'],
    },
  }
  const client = await database.client({ options: '-c timezone=UTC' })
  const rows = await buildSchemaQuery(books, Object.keys(expected)).run(client)
  expect(Object.fromEntries(rows.map(({ id, object }) => [id, object]))).toEqual(expected)
})

const copiesOfBooks = defineSchema<Bookshop>()({
  table: 'stock.copy',
  primaryKey: ['book_id', 'number'],
  where: { shelf: { not: null } },
  schema: {
    type: 'many-to-one',
    column: 'book_id',
    referencesTable: 'book',
    referencesColumn: 'id',
    hasFKConstraint: true,
    schema: {
      type: 'object',
      properties: {
        id: { type: 'column', column: 'id', cast: 'text' },
        title: { type: 'column', column: 'title', cast: 'varchar(4)' },
        price: { type: 'column', column: 'price', cast: 'numeric(10,1)' },
        roughly: { type: 'column', column: 'price', cast: 'float8' },
        rounded: { type: 'column', column: 'price', cast: 'INT' },
        status: { type: 'column', column: 'status', cast: 'text' },
        day: { type: 'column', column: 'created_at', cast: 'date' },
        second: { type: 'column', column: 'created_at', cast: 'timestamp(0)' },
        hour: { type: 'column', column: 'created_at', cast: 'time' },
        available: { type: 'column', column: 'available', cast: 'int4' },
        weight: { type: 'column', column: 'weight', cast: 'text' },
        long: { type: 'expression', sql: 'LENGTH({title})', columns: ['title'], cast: 'int8' },
        dear: { type: 'expression', sql: '{price} > 10', columns: ['price'], cast: 'bool' },
        bytes: {
          type: 'expression',
          sql: String.raw`'\x00' || LEFT({title}, 0)`,
          columns: ['title'],
          cast: 'bytea',
        },
        lasts: {
          type: 'expression',
          sql: "{created_at} - {created_at} + '36 hours'",
          columns: ['created_at'],
          cast: 'interval',
        },
        word: { type: 'expression', sql: 'LOWER({title})', columns: ['title'] },
      },
    },
  },
})

test('ids of several columns, casts and expressions too', async () => {
  const id: IdOf<typeof copiesOfBooks> = { book_id: '8', number: '1' }
  const object: ObjectOf<typeof copiesOfBooks> = {
    id: '8',
    title: 'Sand',
    price: 12.5,
    roughly: 12.5,
    rounded: 13,
    status: 'draft',
    day: '2026-01-31',
    second: '2026-01-31T12:00:00',
    hour: '12:00:00',
    available: 0,
    weight: null,
    long: 8,
    dear: true,
    bytes: String.raw`\x00`,
    lasts: '36:00:00',
    word: 'sanditon',
  }
  const client = await database.client({ options: '-c timezone=UTC' })
  const changes: Changes<typeof object, typeof id>[] = []
  const aggregator = new EventAggregator({
    schema: copiesOfBooks,
    client,
    onChange: (emitted) => void changes.push(emitted),
  })
  await aggregator.handleEvent({
    table: 'copy',
    schema: 'stock',
    action: 'INSERT',
    data: { book_id: 8, number: 1, shelf: 'A' },
  })
  expect(changes).toMatchObject([{ upsert: [{ id, object }], delete: [] }])
})

import { type Changes, defineSchema, EventAggregator, type IdOf, type ObjectOf } from 'pg-capture'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { type Bookshop, bookshopTables } from './bookshop.ts'

// As in objects.pg.test.ts: what the compiler takes for an id, a cast, an expression is what Postgres builds.

const database = testDatabase({ setup: bookshopTables })

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

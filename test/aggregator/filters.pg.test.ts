import { type Changes, EventAggregator, type RootSchema, type WALEvent } from 'pg-capture'
import { beforeEach, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { NotingClient } from './noting-client.ts'

const database = testDatabase({
  per: 'test',
  setup: `
    create table author (id int primary key, name text, hidden boolean);
    create table book (id int primary key, title text, "authorId" int, status text, "deletedAt" timestamptz);
    create table review (id int primary key, "bookId" int, rating int);
    insert into author values (1, 'Jane', false), (2, 'Anne', true);
    insert into book values (1, 'Emma', 1, 'published', null), (2, 'Sanditon', 1, 'draft', null),
      (3, 'Agnes Grey', 2, 'published', null), (4, 'Lady Susan', 1, 'published', now());
    insert into review values (10, 1, 5), (11, 1, 2), (12, 2, 4)`,
})

const schema: RootSchema = {
  table: 'book',
  primaryKey: 'id',
  where: { deletedAt: null, status: 'published' },
  schema: {
    type: 'object',
    properties: {
      author: {
        type: 'many-to-one',
        column: 'authorId',
        referencesTable: 'author',
        referencesColumn: 'id',
        hasFKConstraint: true,
        where: { hidden: false },
        schema: { type: 'column', column: 'name' },
      },
      praise: {
        type: 'one-to-many',
        column: 'id',
        referencingTable: 'review',
        referencingColumn: 'bookId',
        where: { rating: { gte: 3 } },
        schema: { type: 'column', column: 'rating' },
      },
    },
  },
}

let client: NotingClient
let changes: { upsert: [string, unknown][]; delete: readonly string[] }[]
let aggregator: EventAggregator

beforeEach(() => {
  client = new NotingClient(database)
  changes = []
  aggregator = new EventAggregator({
    schema,
    client,
    onChange: ({ upsert, delete: deleted }: Changes) => {
      changes.push({ upsert: upsert.map(({ id, object }) => [id, object]), delete: deleted })
    },
  })
})

/** Runs an UPDATE of one row and hands its event over. */
async function update(table: string, id: number, set: string): Promise<void> {
  const row = async (): Promise<Record<string, unknown>> =>
    (await database.rows(`select * from ${table} where id = $1`, [id]))[0]!
  const dataOld = await row()
  await database.query(`update ${table} set ${set} where id = ${id}`)
  await aggregator.handleEvent({ action: 'UPDATE', table, data: await row(), dataOld })
}

describe('a root', () => {
  test('that stops matching is a delete, one that starts to is an upsert', async () => {
    await update('book', 1, '"deletedAt" = now()')
    await update('book', 2, `status = 'published'`)
    await update('book', 2, `status = 'draft'`)
    expect(changes).toEqual([
      { upsert: [], delete: ['1'] },
      { upsert: [['2', { author: 'Jane', praise: [4] }]], delete: [] },
      { upsert: [], delete: ['2'] },
    ])
  })

  test('that matches neither before nor after is no work but the question for the types', async () => {
    await update('book', 2, `title = 'x'`)
    await update('book', 4, `title = 'x', status = 'draft'`)
    const event: WALEvent = {
      action: 'INSERT',
      table: 'book',
      data: { id: 9, status: 'draft', deletedAt: null },
    }
    await aggregator.handleEvent(event)
    await aggregator.handleEvent({ action: 'DELETE', table: 'book', dataOld: event.data })
    expect(changes).toEqual([])
    expect(client.statements.filter((text) => !text.includes('pg_attribute'))).toEqual([])
  })

  test('of which the event does not tell the filtered columns is built', async () => {
    await aggregator.handleEvent({ action: 'DELETE', table: 'book', dataOld: { id: 2 } })
    expect(changes).toEqual([{ upsert: [], delete: ['2'] }])
  })

  test('is looked up only where it matches', async () => {
    await update('author', 1, `name = 'Jane Austen'`)
    expect(changes).toEqual([{ upsert: [['1', { author: 'Jane Austen', praise: [5] }]], delete: [] }])
  })
})

describe('a row below', () => {
  test('that no longer matches is as one that is gone, and one that now does as one that came', async () => {
    await update('author', 1, 'hidden = true')
    await update('author', 2, 'hidden = false')
    await update('review', 11, 'rating = 3')
    await update('review', 10, 'rating = null')
    expect(changes.flatMap(({ upsert }) => upsert)).toEqual([
      ['1', { author: null, praise: [5] }],
      ['3', { author: 'Anne', praise: [] }],
      ['1', { author: null, praise: [3, 5] }],
      ['1', { author: null, praise: [3] }],
    ])
  })

  test('that matches neither before nor after changes nothing', async () => {
    await update('author', 2, `name = 'x'`)
    expect(changes).toEqual([])
  })
})

test('a sweep after a TRUNCATE of a joined table meets the roots that match', async () => {
  await database.query('truncate review')
  await aggregator.handleEvent({ action: 'TRUNCATE', table: 'review' })
  expect(changes.map(({ upsert, delete: deleted }) => [upsert.map(([id]) => id), deleted])).toEqual([
    [['1', '3'], []],
  ])
})

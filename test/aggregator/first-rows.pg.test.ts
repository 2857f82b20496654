import { EventAggregator, type RootSchema, type WALEvent } from 'pg-capture'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'

const database = testDatabase({
  setup: `
    create table book (id int primary key);
    create table review (id int primary key, "bookId" int, rating int, body text);
    insert into book values (1);
    insert into review values (10, 1, 5, 'a'), (11, 1, 4, 'b'), (12, 1, 3, 'c')`,
})

const schema: RootSchema = {
  table: 'book',
  primaryKey: 'id',
  schema: {
    type: 'one-to-many',
    column: 'id',
    referencingTable: 'review',
    referencingColumn: 'bookId',
    orderBy: { column: 'rating', direction: 'desc' },
    limit: 2,
    schema: { type: 'column', column: 'body' },
  },
}

test('a row that enters the first ones, leaves them or moves in them builds its object again', async () => {
  const built: unknown[] = []
  const aggregator = new EventAggregator({
    schema,
    client: database,
    onChange: ({ upsert }) => built.push(...upsert.map(({ object }) => object)),
  })
  const handle = async (sql: string, event: WALEvent): Promise<void> => {
    await database.query(sql)
    await aggregator.handleEvent(event)
  }
  const row = (id: number, rating: number, body: string): Record<string, unknown> => ({
    id,
    bookId: 1,
    rating,
    body,
  })

  await handle(`update review set rating = 6 where id = 12`, {
    action: 'UPDATE',
    table: 'review',
    data: row(12, 6, 'c'),
    dataOld: row(12, 3, 'c'),
  })
  await handle(`delete from review where id = 10`, {
    action: 'DELETE',
    table: 'review',
    dataOld: row(10, 5, 'a'),
  })
  await handle(`insert into review values (13, 1, 7, 'd')`, {
    action: 'INSERT',
    table: 'review',
    data: row(13, 7, 'd'),
  })
  await handle(`update review set rating = 8 where id = 12`, {
    action: 'UPDATE',
    table: 'review',
    data: row(12, 8, 'c'),
    dataOld: row(12, 6, 'c'),
  })
  expect(built).toEqual([
    ['c', 'a'],
    ['c', 'b'],
    ['d', 'c'],
    ['c', 'd'],
  ])
})

import { type Changes, EventAggregator, renameTables, type RootSchema, type WALEvent } from 'pg-capture'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'

const database = testDatabase({
  per: 'test',
  setup: `
    create table book (id int, year int, title text, primary key (id, year)) partition by range (year);
    create table book_1800 partition of book for values from (1800) to (1900);
    create table book_1900 partition of book for values from (1900) to (2000);
    create table review (id int, book_id int, rating int) partition by hash (book_id);
    create table review_0 partition of review for values with (modulus 2, remainder 0);
    create table review_1 partition of review for values with (modulus 2, remainder 1);
    insert into book values (1, 1815, 'Emma'), (2, 1925, 'Mrs Dalloway');
    insert into review values (10, 1, 5), (11, 2, 4)`,
})

const schema: RootSchema = {
  table: 'book',
  primaryKey: 'id',
  schema: {
    type: 'object',
    properties: {
      title: { type: 'column', column: 'title' },
      ratings: {
        type: 'one-to-many',
        column: 'id',
        referencingTable: 'review',
        referencingColumn: 'book_id',
        schema: { type: 'column', column: 'rating' },
      },
    },
  },
}

/** What comes of events under the names of partitions. */
async function emitted(
  events: readonly WALEvent[],
): Promise<[upsert: unknown, deleted: readonly string[], truncated: number]> {
  const changes: Changes[] = []
  let truncated = 0
  const aggregator = new EventAggregator({
    schema,
    client: database,
    onChange: (one) => void changes.push(one),
    onTruncate: () => {
      truncated += 1
    },
  })
  await aggregator.handleEvents(renameTables(events, ({ table }) => table.replace(/_\d+$/, '')))
  const upserted = changes.flatMap(({ upsert }) => upsert.map(({ id, object }) => [id, object] as const))
  return [Object.fromEntries(upserted), changes.flatMap((one) => one.delete), truncated]
}

test('a row of a partition is one of its table', async () => {
  await database.query('update review set rating = 1 where id = 10; delete from book where id = 2')
  expect(
    await emitted([
      {
        action: 'UPDATE',
        table: 'review_0',
        data: { id: 10, book_id: 1, rating: 1 },
        dataOld: { id: 10, book_id: 1, rating: 5 },
      },
      { action: 'DELETE', table: 'book_1900', dataOld: { id: 2, year: 1925, title: 'Mrs Dalloway' } },
    ]),
  ).toEqual([{ 1: { title: 'Emma', ratings: [1] } }, ['2'], 0])
})

test('a row that moves to another partition goes and comes', async () => {
  await database.query(
    'update book set year = 1915 where id = 1; update review set book_id = 2 where id = 10',
  )
  expect(
    await emitted([
      { action: 'DELETE', table: 'book_1800', dataOld: { id: 1, year: 1815, title: 'Emma' } },
      { action: 'INSERT', table: 'book_1900', data: { id: 1, year: 1915, title: 'Emma' } },
      { action: 'DELETE', table: 'review_0', dataOld: { id: 10, book_id: 1, rating: 5 } },
      { action: 'INSERT', table: 'review_1', data: { id: 10, book_id: 2, rating: 5 } },
    ]),
  ).toEqual([{ 1: { title: 'Emma', ratings: [] }, 2: { title: 'Mrs Dalloway', ratings: [4, 5] } }, [], 0])
})

test('the TRUNCATE of a partition leaves what is in the others', async () => {
  await database.query('truncate book_1800')
  expect(await emitted([{ action: 'TRUNCATE', table: 'book_1800' }])).toEqual([
    { 2: { title: 'Mrs Dalloway', ratings: [4] } },
    [],
    1,
  ])
})

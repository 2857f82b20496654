import { type Changes, EventAggregator, type RootSchema } from 'pg-capture'
import { describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'

const database = testDatabase({
  setup: `
    CREATE TABLE author (id integer PRIMARY KEY, name text);
    CREATE TABLE book (id integer PRIMARY KEY, "authorId" bigint, rank numeric);
    CREATE TABLE award (id integer PRIMARY KEY, "authorId" integer);
    INSERT INTO author VALUES (1, 'Jane'), (2, 'Emily');
  `,
})

function booksBy(column: string, table = 'book'): RootSchema {
  return {
    table: 'author',
    primaryKey: 'id',
    schema: {
      type: 'one-to-many',
      column: 'id',
      referencingTable: table,
      referencingColumn: column,
      schema: { type: 'column', column: 'id' },
    },
  }
}

async function changesOf(
  schema: RootSchema,
  table: string,
  data: Record<string, unknown>,
): Promise<Changes[]> {
  const seen: Changes[] = []
  const aggregator = new EventAggregator({
    schema,
    client: await database.client(),
    onChange: (changes) => seen.push(changes),
  })
  await aggregator.handleEvent({ action: 'INSERT', table, data })
  return seen
}

describe('a link to the root key of another type', () => {
  test('that no root can have disturbs nothing', async () => {
    expect(await changesOf(booksBy('authorId'), 'book', { id: 7, authorId: '-9223372036854775808' })).toEqual(
      [],
    )
    expect(await changesOf(booksBy('rank'), 'book', { id: 7, rank: '2.50' })).toEqual([])
  })

  test('finds its root as SQL compares the two', async () => {
    const [changes] = await changesOf(booksBy('rank'), 'book', { id: 7, rank: '1.00' })
    expect(changes?.upsert.map(({ id }) => id)).toEqual(['1'])
  })
})

test('a link of the same type needs no look-up, also on an empty table', async () => {
  const [changes] = await changesOf(booksBy('authorId', 'award'), 'award', { id: 7, authorId: '2' })
  expect(changes?.upsert.map(({ id }) => id)).toEqual(['2'])
})

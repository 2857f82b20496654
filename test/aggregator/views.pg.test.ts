import {
  EventAggregator,
  type EventAggregatorOptions,
  type QueryClient,
  type RootSchema,
  type Schema,
} from 'pg-capture'
import { describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { bookSchema, library, retitled } from './library.ts'
import { NotingClient } from './noting-client.ts'

const database = testDatabase({
  setup: `${library};
    create schema reports;
    create view good_review as select * from review where rating > 3;
    create materialized view reports.shelf as select * from book;
    create table "odd.""'\\name" (id int primary key, "bookId" int)`,
})

const ratingsOf = (referencingTable: string | { table: string }, schema: Schema): RootSchema => ({
  table: 'book',
  primaryKey: 'id',
  schema: { type: 'one-to-many', column: 'id', referencingTable, referencingColumn: 'bookId', schema },
})
const overView = ratingsOf('good_review', { type: 'column', column: 'rating' })
const overMaterialized: RootSchema = {
  table: 'reports.shelf',
  primaryKey: 'id',
  schema: { type: 'column', column: 'title' },
}

function capturing(options: Partial<EventAggregatorOptions> = {}) {
  const client = new NotingClient(database)
  const emitted: unknown[] = []
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client,
    onChange: ({ upsert }) => emitted.push(...upsert),
    ...options,
  })
  return { aggregator, client, emitted }
}

describe('a schema that takes a view for a table', () => {
  test('is refused with the first event of any other table, each time', async () => {
    const { aggregator, emitted } = capturing({ schema: overView })
    for (let time = 1; time <= 2; time += 1) {
      await expect(
        aggregator.handleEvent({ action: 'INSERT', table: 'book', data: { id: 1 } }),
      ).rejects.toMatchObject({
        name: 'CaptureError',
        code: 'TABLE_NOT_CAPTURABLE',
        message: '"good_review" is a view, which has no changes of its own. Name the tables beneath it.',
      })
    }
    expect(emitted).toEqual([])
  })

  test('is refused with a TRUNCATE', async () => {
    const { aggregator } = capturing({ schema: overView, onTruncate: () => expect.unreachable() })
    await expect(aggregator.handleEvent({ action: 'TRUNCATE', table: 'book' })).rejects.toMatchObject({
      code: 'TABLE_NOT_CAPTURABLE',
    })
  })

  test('is refused by the backfill, where the root has no events', async () => {
    const { aggregator, emitted } = capturing({ schema: overMaterialized })
    await expect(aggregator.backfill()).rejects.toMatchObject({
      code: 'TABLE_NOT_CAPTURABLE',
      message:
        '"reports"."shelf" is a materialized view, which has no changes of its own. Name the tables beneath it.',
    })
    expect(emitted).toEqual([])
  })
})

describe('a schema of tables', () => {
  test('is looked at with the first event that concerns an object, and never again', async () => {
    const { aggregator, client } = capturing()
    await aggregator.collect([{ action: 'INSERT', table: 'publisher', data: { id: 1 } }])
    expect(client.statements).toEqual([])
    await aggregator.collect([retitled('1')])
    await aggregator.collect([retitled('2')])
    expect(client.kinds).toHaveLength(1)
  })

  test('is looked at again after a failure', async () => {
    let isGone = true
    const client: QueryClient = {
      query: async (text, values) => {
        if (isGone && text.includes('relkind')) throw new Error('gone')
        return database.query(text, values)
      },
    }
    const { aggregator } = capturing({ client })
    await expect(aggregator.collect([retitled('1')])).rejects.toThrow('gone')
    isGone = false
    await expect(aggregator.collect([retitled('1')])).resolves.toBe(true)
  })

  test('is not taken for looked at where the client changes what was sent', async () => {
    const { aggregator } = capturing({ client: { query: async () => ({ rows: [['good_review', 'v']] }) } })
    await expect(aggregator.collect([retitled('1')])).rejects.toMatchObject({
      code: 'CLIENT_RESULT_INVALID',
      message: 'The client gave no text columns "name", "kind" that were asked for.',
    })
  })

  test('may have any name', async () => {
    const { aggregator, emitted } = capturing({
      schema: ratingsOf({ table: `odd."'\\name` }, { type: 'column', column: 'id' }),
    })
    await aggregator.handleEvent(retitled('1'))
    expect(emitted).toEqual([])
    await aggregator.handleEvent({ action: 'INSERT', table: 'book', data: { id: 1 } })
    expect(emitted).toEqual([{ id: '1', object: [] }])
  })
})

import { type Changes, EventAggregator, RedisSet, type RootSchema, type WALEvent } from 'pg-capture'
import { expect, test } from 'vitest'
import { bookSchema, firstBook, library, secondBook, thirdBook } from '../aggregator/library.ts'
import { testDatabase } from '../support/postgres.ts'
import { testRedis } from '../support/redis.ts'

// What `docs/several-machines.md` says of two versions of a schema.

const database = testDatabase({ setup: library })
const redis = testRedis()

const oldSchema: RootSchema = {
  table: 'book',
  primaryKey: 'id',
  schema: { type: 'object', properties: { title: { type: 'column', column: 'title' } } },
}
const reviewed: WALEvent = { action: 'INSERT', table: 'review', data: { id: 10, bookId: 1, rating: 5 } }

async function processes(schema: RootSchema, key: string) {
  const emitted: Changes['upsert'][number][] = []
  const idsSet = new RedisSet({ client: await redis.ioRedis(), key: `${redis.prefix}${key}` })
  const shared = { schema, client: database, idsSet }
  const handler = new EventAggregator({ ...shared, scheduleBuildObjects: () => undefined })
  const builder = new EventAggregator({ ...shared, onChange: ({ upsert }) => emitted.push(...upsert) })
  return { handler, builder, emitted, idsSet }
}

test('on one set, an old builder takes ids from the new ones, and emits them in its form', async () => {
  const old = await processes(oldSchema, 'shared')
  const next = await processes(bookSchema, 'shared')
  await next.handler.handleEvent(reviewed)
  await old.builder.buildObjects()
  await next.builder.buildObjects()
  expect(old.emitted).toEqual([{ id: '1', object: { title: 'One' } }])
  expect(next.emitted).toEqual([])
})

test('an old handler passes over events of tables that only the new schema reads', async () => {
  const old = await processes(oldSchema, 'passed-over')
  const next = await processes(bookSchema, 'passed-over')
  await old.handler.handleEvent(reviewed)
  await next.builder.buildObjects()
  expect(next.emitted).toEqual([])
})

test('on a key of its own, the new version builds every object, whatever the old one does', async () => {
  const old = await processes(oldSchema, 'v1')
  const next = await processes(bookSchema, 'v2')
  const { rows } = await database.query<{ id: string }>('SELECT id::text FROM book')
  await next.idsSet.add(rows.map(({ id }) => id))
  await old.handler.handleEvent(reviewed)
  await next.handler.handleEvent(reviewed)
  await old.builder.buildObjects()
  await next.builder.buildObjects()
  expect(next.emitted.toSorted((left, right) => Number(left.id) - Number(right.id))).toEqual([
    firstBook,
    secondBook,
    thirdBook,
  ])
})

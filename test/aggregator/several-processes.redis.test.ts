import { type Changes, type ClaimingIdsSet, EventAggregator, RedisSet } from 'pg-capture'
import { PostgresSet, postgresSetMigration } from 'pg-capture/stores/postgres-set'
import { describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { testRedis } from '../support/redis.ts'
import type { BuilderOptions } from './builder-process.ts'
import { bookSchema, firstBook, library, retitled, secondBook } from './library.ts'
import { type BuilderProcess, startBuilder } from './start-builder.ts'

const database = testDatabase({
  setup: `${library}; ${postgresSetMigration()};
    insert into book select n, 'Book ' || n, 'bob' from generate_series(100, 1099) n`,
})
const redis = testRedis()

const stores = ['ioredis', 'node-redis', 'postgres'] as const

async function setOver(store: BuilderOptions['store'], key: string): Promise<ClaimingIdsSet> {
  if (store === 'postgres') return new PostgresSet({ client: database.pool(), set: key })
  return new RedisSet({
    client: store === 'ioredis' ? await redis.ioRedis() : await redis.nodeRedis(),
    key,
  })
}

async function pendingIn(set: ClaimingIdsSet): Promise<string[]> {
  const ids: string[] = []
  for await (const batch of set.getAll()) ids.push(...batch.map(String))
  return ids
}

const upsertsOf = (emitted: readonly Changes[]): string[] =>
  emitted.flatMap(({ upsert }) => upsert.map(({ id }) => id)).sort()

describe.each(stores)('processes that share one set, over %s', (store) => {
  const builder = (key: string, options: Partial<BuilderOptions> = {}): Promise<BuilderProcess> =>
    startBuilder({
      databaseUrl: database.url,
      redisUrl: redis.url,
      key,
      store,
      leaseMs: 60_000,
      ...options,
    })

  test('build each object once between them', async () => {
    const key = `${redis.prefix}${store}:once`
    const idsSet = await setOver(store, key)
    const builders = await Promise.all([builder(key, { batchSize: 10 }), builder(key, { batchSize: 10 })])
    const emitter = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet,
      scheduleBuildObjects: () => undefined,
    })
    await emitter.handleEvents(Array.from({ length: 1000 }, (_, n) => retitled(String(100 + n))))
    const emitted = await Promise.all(builders.map((process) => process.build()))
    const ids = emitted.map(upsertsOf)
    expect(ids.flat()).toHaveLength(1000)
    expect(new Set(ids.flat()).size).toBe(1000)
    expect(await pendingIn(idsSet)).toEqual([])
  })

  test('get back the ids of one that was killed between its claim and its acknowledgement', async () => {
    const key = `${redis.prefix}${store}:killed`
    const idsSet = await setOver(store, key)
    const emitted: Changes[] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet,
      scheduleBuildObjects: () => undefined,
      onChange: (changes) => emitted.push(changes),
    })
    const doomed = await builder(key, { leaseMs: 300, hangs: true })
    await aggregator.handleEvents(['1', '2'].map(retitled))
    await doomed.holdInOnChange()

    // It renews its lease as long as it lives.
    await new Promise((resolve) => setTimeout(resolve, 500))
    await aggregator.buildObjects()
    expect(emitted).toEqual([])

    await doomed.kill()
    await new Promise((resolve) => setTimeout(resolve, 350))
    await aggregator.buildObjects()
    expect(emitted.map(({ upsert }) => [...upsert].sort((a, b) => Number(a.id) - Number(b.id)))).toEqual([
      [firstBook, secondBook],
    ])
    expect(await pendingIn(idsSet)).toEqual([])
  })

  test('build again what came back while another process held it', async () => {
    const key = `${redis.prefix}${store}:back`
    const idsSet = await setOver(store, key)
    const emitted: Changes[] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet,
      scheduleBuildObjects: () => undefined,
      onChange: (changes) => emitted.push(changes),
    })
    const doomed = await builder(key, { leaseMs: 200, hangs: true })
    await aggregator.handleEvent(retitled('1'))
    await doomed.holdInOnChange()
    await aggregator.handleEvent(retitled('1'))
    await aggregator.buildObjects()
    expect(emitted).toEqual([])
    expect(await pendingIn(idsSet)).toEqual(['1'])
    await doomed.kill()
    await new Promise((resolve) => setTimeout(resolve, 250))
    await aggregator.buildObjects()
    expect(upsertsOf(emitted)).toEqual(['1'])
  })
})

test('two processes over two kinds of client share one set', async () => {
  const key = `${redis.prefix}mixed`
  const emitter = new EventAggregator({
    schema: bookSchema,
    client: database,
    idsSet: await setOver('node-redis', key),
    scheduleBuildObjects: () => undefined,
  })
  await emitter.handleEvents(['1', '2', '99'].map(retitled))
  const other = await startBuilder({
    databaseUrl: database.url,
    redisUrl: redis.url,
    key,
    store: 'ioredis',
    leaseMs: 60_000,
  })
  const emitted = await other.build()
  expect(upsertsOf(emitted)).toEqual(['1', '2'])
  expect(emitted.flatMap((changes) => changes.delete)).toEqual(['99'])
})

describe('with a set in a store', () => {
  test('nothing that is irrelevant reaches Redis', async () => {
    const key = `${redis.prefix}quiet`
    const commands: string[] = []
    const client = {
      call: async (command: string) => {
        commands.push(command)
        return 0
      },
    }
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet: new RedisSet({ client, key }),
      scheduleBuildObjects: () => undefined,
    })
    await aggregator.handleEvent({ action: 'INSERT', table: 'publisher', data: { id: 1 } })
    await aggregator.handleEvent({
      action: 'INSERT',
      table: 'review',
      data: { id: 1, bookId: null, rating: 1 },
    })
    await aggregator.handleEvent({
      action: 'UPDATE',
      table: 'author',
      data: { id: 'x', name: 'b' },
      dataOld: { id: 'x' },
    })
    expect(commands).toEqual([])
  })

  test.each(stores)('an upsert and a delete have one id, over %s', async (store) => {
    const emitted: Changes[] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet: await setOver(store, `${redis.prefix}${store}:ids`),
      onChange: (changes) => emitted.push(changes),
    })
    await database.query(`insert into book values (50, 'Fifty', 'bob')`)
    const row = { id: 50, title: 'Fifty', authorId: 'bob' }
    await aggregator.handleEvent({ action: 'INSERT', table: 'book', data: row })
    await database.query('delete from book where id = 50')
    await aggregator.handleEvent({ action: 'DELETE', table: 'book', dataOld: row })
    expect(emitted.map(({ upsert, ...changes }) => [upsert.map(({ id }) => id), changes.delete])).toEqual([
      [['50'], []],
      [[], ['50']],
    ])
  })
})

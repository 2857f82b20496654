import { type Changes, EventAggregator, RedisSet } from 'pg-capture'
import { expect, test } from 'vitest'
import { bookSchema, firstBook, library, secondBook } from '../aggregator/library.ts'
import { startBuilder } from '../aggregator/start-builder.ts'
import { testDatabase } from '../support/postgres.ts'
import { testRedis } from '../support/redis.ts'

// The snippets of the page "How does it work?" that need Redis.

const database = testDatabase({ setup: library })
const redis = testRedis()

const authorRenamed = {
  action: 'UPDATE' as const,
  table: 'author',
  data: { id: 'alice', name: 'Alice' },
  dataOld: { id: 'alice', name: 'Bob' },
}

const byId = (left: { id: string }, right: { id: string }): number => (left.id < right.id ? -1 : 1)

test('a RedisSet over ioredis is the set of an aggregator', async () => {
  const client = await database.client()
  const emitted: Changes[] = []
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client,
    idsSet: new RedisSet({
      client: await redis.ioRedis(),
      key: `${redis.prefix}one`,
    }),
    onChange: (changes) => emitted.push(changes),
  })
  await aggregator.handleEvent(authorRenamed)
  expect(emitted.map(({ upsert }) => [...upsert].sort(byId))).toEqual([[firstBook, secondBook]])
})

test('buildObjects in another process, with the same schema and key, builds what this one handled', async () => {
  const key = `${redis.prefix}two`
  const inAnotherProcess = await startBuilder({
    databaseUrl: database.url,
    redisUrl: redis.url,
    key,
    store: 'ioredis',
    leaseMs: 60_000,
  })

  const queue: string[] = []
  const aggregatorEmitter = new EventAggregator({
    schema: bookSchema,
    client: await database.client(),
    idsSet: new RedisSet({
      client: await redis.ioRedis(),
      key,
    }),
    scheduleBuildObjects: () => {
      // Schedule the build task by pushing a message to a queue
      queue.push('Build objects')
    },
  })
  await aggregatorEmitter.handleEvent(authorRenamed)
  expect(queue).toEqual(['Build objects'])

  const emitted = await inAnotherProcess.build()
  expect(emitted.map(({ upsert }) => [...upsert].sort(byId))).toEqual([[firstBook, secondBook]])
  expect(await inAnotherProcess.build()).toEqual([])
})

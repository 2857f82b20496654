import { type Changes, EventAggregator, RedisSet } from 'pg-capture'
import { expect, test } from 'vitest'
import { PartedSet } from '../../examples/parted-set/parted-set.ts'
import { bookSchema, library, retitled } from '../aggregator/library.ts'
import { testDatabase } from '../support/postgres.ts'
import { testRedis } from '../support/redis.ts'

const database = testDatabase({
  per: 'test',
  setup: `${library}; insert into book select n, 'Book ' || n, 'bob' from generate_series(100, 399) n`,
})
const redis = testRedis()

/** A handler, and a builder for each of three parts. */
async function parted(name: string) {
  const client = await redis.ioRedis()
  const set = (part: number): RedisSet => new RedisSet({ client, key: `${redis.prefix}${name}:${part}` })
  const parts = [set(0), set(1), set(2)]
  const whole = new PartedSet(parts)
  const emitted = parts.map((): Changes[] => [])
  const pool = database.pool()
  const builders = parts.map(
    (idsSet, part) =>
      new EventAggregator({
        schema: bookSchema,
        client: pool,
        idsSet,
        onChange: (changes) => emitted[part]!.push(changes),
      }),
  )
  const handler = new EventAggregator({
    schema: bookSchema,
    client: pool,
    idsSet: whole,
    scheduleBuildObjects: () => undefined,
    onTruncate: () => undefined,
  })
  const idsOf = (part: number): string[] =>
    emitted[part]!.flatMap((changes) => [...changes.upsert.map(({ id }) => id), ...changes.delete])
  return { parts, whole, builders, handler, idsOf }
}

const books = Array.from({ length: 300 }, (_, index) => String(100 + index))

test('each id lies in one of the parts, always in the same, and is built once', async () => {
  const { whole, builders, handler, idsOf } = await parted('spread')
  expect(handler.durable).toBe(true)
  await handler.handleEvents(books.map(retitled))
  await handler.handleEvents(books.toReversed().map(retitled))
  expect(await whole.backlog()).toMatchObject({ pending: 300, inFlight: 0, retrying: 0, parked: 0 })
  await Promise.all(builders.map((builder) => builder.buildObjects()))
  const ids = [0, 1, 2].map(idsOf)
  expect(ids.flat().toSorted((left, right) => Number(left) - Number(right))).toEqual(books)
  for (const own of ids) expect(own.length).toBeGreaterThan(50)
  expect(await whole.backlog()).toMatchObject({ pending: 0, inFlight: 0 })
})

test('what is added again, deleted or listed is found in its part', async () => {
  const { parts, whole } = await parted('found')
  await whole.add(['1', '2', '3', '4', '5'])
  await whole.delete(['2', '4'])
  const listed: unknown[] = []
  for await (const batch of whole.getAll()) listed.push(...batch)
  expect(listed.map(String).toSorted((left, right) => Number(left) - Number(right))).toEqual(['1', '3', '5'])
  for (const part of parts) {
    const claim = await part.claim(10, 60_000)
    await part.release(claim, { error: 'bad', retryInMs: null })
  }
  const failed: string[] = []
  for await (const batch of whole.failed()) failed.push(...batch.map(({ id }) => id))
  expect(failed).toHaveLength(3)
  expect(await whole.backlog()).toMatchObject({ pending: 0, parked: 3 })
})

test('a TRUNCATE of the root builds again what any builder has in its hands', async () => {
  const { parts, builders, handler, idsOf } = await parted('truncated')
  await handler.handleEvents(books.map(retitled))
  // Builders that have read their objects and not yet emitted them.
  const claims = await Promise.all(parts.map((part) => part.claim(1_000, 60_000)))
  await database.query('truncate book cascade')
  await handler.handleEvent({ action: 'TRUNCATE', table: 'book' })
  await Promise.all(parts.map((part, index) => part.acknowledge(claims[index]!)))
  await Promise.all(builders.map((builder) => builder.buildObjects()))
  expect([0, 1, 2].flatMap(idsOf)).toHaveLength(300)
})

test('a builder can’t take from the whole', async () => {
  const { whole } = await parted('whole')
  const builder = new EventAggregator({
    schema: bookSchema,
    client: database,
    idsSet: whole,
    onChange: () => expect.fail('nothing to emit'),
  })
  await expect(builder.buildObjects()).rejects.toThrow('A PartedSet is for handlers')
})

import { type Changes, EventAggregator, type EventAggregatorOptions, type WALEvent } from 'pg-capture'
import { describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { bookSchema, library, retitled } from './library.ts'
import { NotingClient } from './noting-client.ts'
import { PlainSet } from './plain-set.ts'

const database = testDatabase({
  setup: `${library};
    insert into author select 'a' || n, 'Author ' || n from generate_series(1, 1000) n;
    insert into book select 1000 + n, 'Book ' || n, 'a' || (1 + n % 1000) from generate_series(1, 3000) n`,
})

const hangsNowhere: WALEvent = { action: 'INSERT', table: 'review', data: { id: 1, bookId: null, rating: 5 } }

async function capturing(options: Partial<EventAggregatorOptions> = {}) {
  const client = new NotingClient(database)
  const idsSet = new PlainSet()
  const emitted: Changes[] = []
  let scheduled = 0
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client,
    idsSet,
    onChange: (changes) => emitted.push(changes),
    ...options,
    ...(options.scheduleBuildObjects && {
      scheduleBuildObjects: (build) => {
        scheduled += 1
        return options.scheduleBuildObjects!(build)
      },
    }),
  })
  // The first event on a link to the root's key asks for the types of the two columns, once.
  await aggregator.collect([hangsNowhere])
  expect(client.statements).toHaveLength(1)
  client.statements.length = 0
  return { aggregator, client, idsSet, emitted, scheduled: () => scheduled }
}

const renamed = (id: string): WALEvent => ({
  action: 'UPDATE',
  table: 'author',
  data: { id, name: 'after' },
  dataOld: { id, name: 'before' },
})

const irrelevant: Readonly<Record<string, WALEvent>> = {
  'on a table that is not read': { action: 'DELETE', table: 'publisher', dataOld: { id: 1 } },
  'a TRUNCATE of a table that is not read': { action: 'TRUNCATE', table: 'publisher' },
  'on a table of that name in another Postgres schema': {
    action: 'INSERT',
    schema: 'archive',
    table: 'book',
    data: { id: 1 },
  },
  'an UPDATE of the root that changes no column which is read': {
    action: 'UPDATE',
    table: 'book',
    data: { id: 1, title: 'One', authorId: 'alice', isbn: 'b' },
    dataOld: { id: 1, title: 'One', authorId: 'alice', isbn: 'a' },
  },
  'an UPDATE of a joined row that changes no column which is read': {
    action: 'UPDATE',
    table: 'author',
    data: { id: 'alice', name: 'Alice', born: 1776 },
    dataOld: { id: 'alice', name: 'Alice', born: 1775 },
  },
  'an INSERT behind a foreign key': {
    action: 'INSERT',
    table: 'author',
    data: { id: 'alice', name: 'Alice' },
  },
  'a DELETE behind a foreign key': {
    action: 'DELETE',
    table: 'author',
    dataOld: { id: 'alice', name: 'Alice' },
  },
  'an INSERT of a row that hangs nowhere': hangsNowhere,
  'a DELETE of a row that hung nowhere': {
    action: 'DELETE',
    table: 'review',
    dataOld: { id: 1, bookId: null, rating: 5 },
  },
}

describe('an event that can change no object costs nothing', () => {
  test.each(Object.entries(irrelevant))('%s', async (_, event) => {
    const { aggregator, client, idsSet, emitted, scheduled } = await capturing({
      scheduleBuildObjects: () => undefined,
    })
    await aggregator.handleEvent(event)
    expect(client.statements).toEqual([])
    expect(idsSet.calls).toEqual([])
    expect(scheduled()).toBe(0)
    expect(emitted).toEqual([])
  })

  test.each(Object.entries(irrelevant))('%s, with the position of its transaction', async (_, event) => {
    const { aggregator, client } = await capturing()
    await aggregator.handleEvent({ ...event, xid: 7, lsn: '0/1' })
    expect(client.statements).toEqual([])
  })

  test('all of them in a batch', async () => {
    const { aggregator, client } = await capturing()
    await aggregator.handleEvents(Object.values(irrelevant))
    expect(client.statements).toEqual([])
  })

  test('no event at all', async () => {
    const { aggregator, client, idsSet, emitted, scheduled } = await capturing({
      scheduleBuildObjects: () => undefined,
    })
    await aggregator.handleEvents([])
    expect([client.statements, idsSet.calls, emitted, scheduled()]).toEqual([[], [], [], 0])
  })

  test('a build where nothing is pending', async () => {
    const { aggregator, client, idsSet, emitted } = await capturing()
    await aggregator.buildObjects()
    expect([client.statements, idsSet.calls, emitted]).toEqual([[], [], []])
  })

  test('a look-up that finds no object adds nothing and schedules nothing', async () => {
    const { aggregator, client, idsSet, scheduled } = await capturing({
      scheduleBuildObjects: () => undefined,
    })
    await aggregator.handleEvent(renamed('nobody'))
    expect([client.lookUps.length, client.builds.length]).toEqual([1, 0])
    expect(idsSet.calls).toEqual([])
    expect(scheduled()).toBe(0)
  })
})

describe('an event that changes objects', () => {
  test('whose ids it tells, and whose transaction waits for nobody, costs the statement of the build alone', async () => {
    const { aggregator, client, emitted } = await capturing({ unpositionedEvents: { delayMs: 0 } })
    await aggregator.handleEvent({ action: 'INSERT', table: 'book', data: { id: 1 } })
    await aggregator.handleEvent({ action: 'INSERT', table: 'review', data: { id: 5, bookId: 2, rating: 1 } })
    expect(client.statements).toHaveLength(2)
    expect(client.builds).toHaveLength(2)
    expect(emitted.map(({ upsert }) => upsert.map(({ id }) => id))).toEqual([['1'], ['2']])
  })

  test('whose ids it does not tell costs one look-up and one build', async () => {
    const { aggregator, client, emitted } = await capturing({ unpositionedEvents: { delayMs: 0 } })
    await aggregator.handleEvent(renamed('alice'))
    expect(client.statements).toHaveLength(2)
    expect(client.builds).toHaveLength(1)
    expect(emitted[0]?.upsert.map(({ id }) => id).sort()).toEqual(['1', '2'])
  })
})

describe('a batch of events', () => {
  test('of a thousand authors costs one look-up', async () => {
    const { aggregator, client, emitted } = await capturing()
    await aggregator.handleEvents(Array.from({ length: 1000 }, (_, n) => renamed(`a${n + 1}`)))
    expect(client.lookUps).toHaveLength(1)
    expect(emitted.flatMap(({ upsert }) => upsert)).toHaveLength(3000)
  })

  test('on three tables costs one look-up for each path, and one build for each thousand objects', async () => {
    const { aggregator, client, emitted } = await capturing()
    await aggregator.handleEvents([
      ...Array.from({ length: 100 }, (_, n) => renamed(`a${n + 1}`)),
      ...Array.from({ length: 100 }, (_, n) => retitled(String(1001 + n))),
      ...Array.from({ length: 100 }, (_, n): WALEvent => ({
        action: 'DELETE',
        table: 'review',
        dataOld: { id: n, bookId: 1, rating: 2 },
      })),
    ])
    expect([client.lookUps.length, client.builds.length]).toEqual([1, 1])
    // 300 books of the authors, of which 99 are among the 100 retitled ones, and book 1.
    expect(emitted.map(({ upsert }) => upsert.length)).toEqual([302])
  })

  test('is taken whole or not at all: an event that is none lets nothing pass', async () => {
    const { aggregator, client, idsSet } = await capturing()
    const none = { action: 'INSERT', table: 'book' } as unknown as WALEvent
    await expect(aggregator.handleEvents([retitled('1'), none])).rejects.toMatchObject({
      code: 'EVENT_MALFORMED',
    })
    expect([client.statements, idsSet.calls]).toEqual([[], []])
  })

  test('with a key that is needed and unknown lets nothing pass, and names the statement', async () => {
    const { aggregator, client, idsSet } = await capturing()
    await expect(
      aggregator.handleEvents([
        retitled('1'),
        { action: 'UPDATE', table: 'review', data: { id: 5, bookId: 2, rating: 1 }, dataOld: { id: 5 } },
      ]),
    ).rejects.toMatchObject({
      code: 'EVENT_VALUE_UNKNOWN',
      message: expect.stringContaining('ALTER TABLE "review" REPLICA IDENTITY FULL'),
    })
    expect([client.statements, idsSet.calls]).toEqual([[], []])
  })
})

describe('the size of a batch of objects', () => {
  test('is a thousand, for onChange and for the statement', async () => {
    const { aggregator, client, emitted } = await capturing()
    await aggregator.handleEvents(Array.from({ length: 2500 }, (_, n) => retitled(String(1001 + n))))
    expect(emitted.map(({ upsert }) => upsert.length)).toEqual([1000, 1000, 500])
    expect(client.builds).toHaveLength(3)
  })

  test('can be chosen', async () => {
    const { aggregator, emitted } = await capturing({ batchSize: 2 })
    await aggregator.handleEvents(['1', '2', '3'].map(retitled))
    expect(emitted.map(({ upsert }) => upsert.length)).toEqual([2, 1])
  })
})

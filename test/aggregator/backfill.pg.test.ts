import {
  type BackfillProgress,
  type Changes,
  EventAggregator,
  type EventAggregatorOptions,
  InMemorySet,
} from 'pg-capture'
import { beforeEach, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { bookSchema, library, retitled } from './library.ts'
import { NotingClient } from './noting-client.ts'

const database = testDatabase({ setup: library })
const BOOKS = 107

beforeEach(async () => {
  await database.query(
    `delete from book where id > 3;
     insert into book select g, 'Book ' || g, 'bob' from generate_series(4, ${BOOKS}) g`,
  )
})

interface Sink {
  readonly versions: Map<string, bigint>
  readonly emitted: string[]
}

function filling(options: Partial<EventAggregatorOptions> = {}): {
  aggregator: EventAggregator
  sink: Sink
  idsSet: InMemorySet
} {
  const sink: Sink = { versions: new Map(), emitted: [] }
  const idsSet = new InMemorySet()
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client: database,
    idsSet,
    batchSize: 5,
    onChange: ({ upsert, delete: deleted, version }: Changes) => {
      for (const { id } of upsert) sink.versions.set(id, version)
      for (const id of deleted) sink.versions.delete(id)
      sink.emitted.push(...upsert.map(({ id }) => id))
    },
    ...options,
  })
  return { aggregator, sink, idsSet }
}

const idsFrom = (first: number): string[] =>
  Array.from({ length: BOOKS - first + 1 }, (_, index) => String(first + index))

describe('a backfill', () => {
  test('builds every object once, and tells how far it is', async () => {
    const { aggregator, sink } = filling()
    const told: BackfillProgress[] = []
    const ended = await aggregator.backfill({
      onProgress: (progress) => {
        // What is told is out.
        expect(sink.emitted.length).toBeGreaterThanOrEqual(progress.objects)
        told.push(progress)
      },
    })
    expect(sink.emitted).toEqual(idsFrom(1))
    expect(told.map(({ objects, lastId }) => [objects, lastId])).toEqual([
      [25, '25'],
      [50, '50'],
      [75, '75'],
      [100, '100'],
      [107, '107'],
    ])
    expect(ended).toEqual(told.at(-1))
  })

  test('of an empty table is through at once', async () => {
    await database.query('create table if not exists nothing (id int primary key)')
    const { aggregator } = filling({
      schema: { table: 'nothing', primaryKey: 'id', schema: { type: 'column', column: 'id' } },
    })
    expect(await aggregator.backfill()).toMatchObject({ objects: 0, lastId: null })
  })

  test('goes on behind the id where another one ended', async () => {
    const { aggregator, sink } = filling()
    const { objects, lastId } = await aggregator.backfill({ after: '100' })
    expect(sink.emitted).toEqual(idsFrom(101))
    expect([objects, lastId]).toEqual([7, '107'])
  })

  test('gives the version below which the sink has only objects of no row', async () => {
    const { aggregator, sink } = filling()
    await aggregator.backfill()
    // The events of these do not come: the slot was lost, say.
    await database.query('delete from book where id > 100')
    const { since } = await aggregator.backfill()
    const old = [...sink.versions].flatMap(([id, version]) => (version < since ? [id] : []))
    expect(old).toEqual(idsFrom(101))
  })

  test('lets events through, and overwrites nothing newer with something older', async () => {
    const { aggregator, sink } = filling()
    const titles = new Map<string, unknown>()
    const live = filling({
      onChange: ({ upsert }: Changes) => {
        for (const { id, object } of upsert) titles.set(id, (object as { title: unknown }).title)
      },
    }).aggregator
    let isFirst = true
    await live.backfill({
      onProgress: async () => {
        if (!isFirst) return
        isFirst = false
        await database.query(`update book set title = 'changed' where id in (2, 90)`)
        await live.handleEvents([retitled('2'), retitled('90')])
      },
    })
    expect([titles.get('2'), titles.get('90'), titles.size]).toEqual(['changed', 'changed', BOOKS])
    await database.query(`update book set title = 'Two' where id = 2`)
    await aggregator.backfill()
    expect(sink.versions.size).toBe(BOOKS)
  })

  test('is no further ahead of the builds than by one page', async () => {
    const { aggregator, idsSet } = filling()
    const pending: number[] = []
    await aggregator.backfill({
      onProgress: async () => {
        const { pending: waiting, inFlight } = await idsSet.backlog()
        pending.push(waiting + inFlight)
      },
    })
    expect(Math.max(...pending)).toBeLessThanOrEqual(25)
  })

  test('ends at a signal, with its reason', async () => {
    const { aggregator, sink } = filling()
    const stop = new AbortController()
    const reason = new Error('enough')
    const onProgress = ({ objects }: BackfillProgress): void => {
      if (objects >= 50) stop.abort(reason)
    }
    await expect(aggregator.backfill({ onProgress, signal: stop.signal })).rejects.toBe(reason)
    expect(sink.emitted.length).toBeLessThan(BOOKS)
    await expect(aggregator.backfill({ signal: stop.signal })).rejects.toBe(reason)
  })

  test('goes on past an object that fails, and rejects at the end', async () => {
    const emitted: string[] = []
    const { aggregator } = filling({
      onChange: ({ upsert }: Changes) => {
        if (upsert.some(({ id }) => id === '7')) throw new Error('the sink refuses an object')
        emitted.push(...upsert.map(({ id }) => id))
      },
    })
    await expect(aggregator.backfill()).rejects.toThrow('refuses an object')
    await aggregator.buildObjects().catch(() => undefined)
    expect(new Set(emitted).size).toBe(BOOKS - 1)
  })

  test('stops where nothing goes through any more', async () => {
    const client = new NotingClient(database)
    const { aggregator } = filling({
      client,
      onChange: () => {
        throw new Error('the sink is down')
      },
    })
    await expect(aggregator.backfill()).rejects.toThrow('the sink is down')
    expect(client.statements.filter((text) => text.includes('LIMIT 25')).length).toBeLessThan(4)
  })

  test('leaves building to others without an onChange, and waits for them', async () => {
    const { aggregator: builder, sink, idsSet } = filling()
    let requests = 0
    const { aggregator } = filling({
      idsSet,
      onChange: undefined,
      scheduleBuildObjects: async () => {
        requests += 1
        expect((await idsSet.backlog()).pending).toBeLessThanOrEqual(10 + 2 * 25)
        setTimeout(() => void builder.buildObjects(), 20)
      },
    })
    await aggregator.backfill({ maxPending: 10 })
    await builder.buildObjects()
    expect(requests).toBe(5)
    expect(new Set(sink.emitted).size).toBe(BOOKS)
  })

  test('waits for what other builders over the same set have taken', async () => {
    const { aggregator, idsSet, sink } = filling()
    await idsSet.add(['3'])
    const claim = await idsSet.claim(1, 60_000)
    let isDone = false
    const ended = aggregator.backfill().then(() => {
      isDone = true
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(isDone).toBe(false)
    await idsSet.acknowledge(claim)
    await ended
    expect(sink.emitted.toSorted((a, b) => Number(a) - Number(b))).toEqual(idsFrom(1))
  })

  test.each([0, -1, 1.5])('refuses %s for maxPending', async (maxPending) => {
    await expect(filling().aggregator.backfill({ maxPending })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
  })
})

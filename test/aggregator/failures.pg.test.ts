import { type Changes, EventAggregator, InMemorySet } from 'pg-capture'
import { beforeEach, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { bookSchema, library, retitled } from './library.ts'
import { PlainSet } from './plain-set.ts'

const database = testDatabase({ setup: library })

/** A sink that can't take some objects, and says which it took. */
class PickySink {
  readonly bad = new Set<string>()
  readonly taken: string[] = []
  calls = 0
  isDown = false

  take({ upsert }: Changes): void {
    this.calls += 1
    if (this.isDown) throw new Error('the sink is down')
    if (upsert.some(({ id }) => this.bad.has(id))) throw new Error('the sink refuses an object')
    this.taken.push(...upsert.map(({ id }) => id))
  }
}

function aggregatorFor(
  sink: PickySink,
  ids: number,
  batchSize = 1_000,
): { aggregator: EventAggregator; add: () => Promise<void> } {
  const idsSet = new InMemorySet()
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client: database,
    idsSet,
    batchSize,
    onChange: (changes) => sink.take(changes),
  })
  return { aggregator, add: () => idsSet.add(Array.from({ length: ids }, (_, index) => String(index + 1))) }
}

beforeEach(async () => {
  await database.query(
    `insert into book select g, 'Book ' || g, 'bob' from generate_series(4, 300) g on conflict do nothing`,
  )
})

describe('an object that can not be taken', () => {
  test('does not hold up the others', async () => {
    const sink = new PickySink()
    sink.bad.add('17').add('250')
    const { aggregator, add } = aggregatorFor(sink, 300)
    await add()
    // The first failure may be the moment's; after the second the batch is split.
    await expect(aggregator.buildObjects()).rejects.toThrow('refuses an object')
    await expect(aggregator.buildObjects()).rejects.toThrow('refuses an object')
    expect(sink.taken).toHaveLength(298)
    expect(new Set(sink.taken).size).toBe(298)
    expect(aggregator.retryInMs).not.toBeNull()

    sink.bad.clear()
    await aggregator.buildObjects()
    expect(sink.taken).toHaveLength(300)
    expect(aggregator.retryInMs).toBeNull()
  })

  test('is left alone for a while, and tried at once when its row changes', async () => {
    const sink = new PickySink()
    sink.bad.add('1')
    const { aggregator, add } = aggregatorFor(sink, 1)
    await add()
    await expect(aggregator.buildObjects()).rejects.toThrow('refuses an object')
    await expect(aggregator.buildObjects()).rejects.toThrow('refuses an object')
    const calls = sink.calls
    await aggregator.buildObjects()
    expect(sink.calls).toBe(calls)
    expect(aggregator.retryInMs).toBeGreaterThan(0)

    sink.bad.clear()
    await aggregator.handleEvent(retitled('1'))
    expect(sink.taken).toEqual(['1'])
    expect(aggregator.retryInMs).toBeNull()
  })

  test('keeps what was collected from being acknowledged until it is taken', async () => {
    const sink = new PickySink()
    sink.bad.add('1')
    const { aggregator } = aggregatorFor(sink, 0)
    await aggregator.collect([retitled('1'), retitled('2')])
    let isSettled = false
    const settled = aggregator.settled().then(() => (isSettled = true))
    await expect(aggregator.buildObjects()).rejects.toThrow('refuses an object')
    await expect(aggregator.buildObjects()).rejects.toThrow('refuses an object')
    await aggregator.buildObjects().catch(() => undefined)
    expect(sink.taken).toContain('2')
    expect(isSettled).toBe(false)

    sink.bad.clear()
    await aggregator.handleEvent(retitled('1'))
    await settled
  })
})

describe('an id that can not be built', () => {
  test('keeps no other from being built, and stays in the set', async () => {
    const idsSet = new PlainSet()
    const built: string[] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet,
      onChange: ({ upsert }) => built.push(...upsert.map(({ id }) => id)),
    })
    await idsSet.add(['no integer'])
    await expect(aggregator.handleEvents(['1', '2', '3'].map(retitled))).rejects.toThrow(
      'invalid input syntax',
    )
    await expect(aggregator.buildObjects()).rejects.toThrow('invalid input syntax')
    expect(built.sort()).toEqual(['1', '2', '3'])
    expect([...idsSet.ids]).toEqual(['no integer'])
  })

  test('does not keep a later event from being handled', async () => {
    const idsSet = new PlainSet()
    const built: string[] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet,
      onChange: ({ upsert }) => built.push(...upsert.map(({ id }) => id)),
    })
    await idsSet.add(['no integer'])
    await expect(aggregator.buildObjects()).rejects.toThrow('invalid input syntax')
    await expect(aggregator.buildObjects()).rejects.toThrow('invalid input syntax')
    await aggregator.handleEvent(retitled('1'))
    expect(built).toEqual(['1'])
  })
})

describe('a sink that is down', () => {
  test('is not called for every object', async () => {
    const sink = new PickySink()
    sink.isDown = true
    const { aggregator, add } = aggregatorFor(sink, 300, 2)
    await add()
    await expect(aggregator.buildObjects()).rejects.toThrow('the sink is down')
    await expect(aggregator.buildObjects()).rejects.toThrow('the sink is down')
    expect(sink.calls).toBeLessThanOrEqual(30)
  })

  test('gets everything at once when it is back, also what had failed alone', async () => {
    const sink = new PickySink()
    sink.isDown = true
    const { aggregator, add } = aggregatorFor(sink, 300, 4)
    await add()
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await expect(aggregator.buildObjects()).rejects.toThrow('the sink is down')
    }
    sink.isDown = false
    await aggregator.buildObjects()
    await aggregator.buildObjects()
    expect(new Set(sink.taken).size).toBe(300)
    expect(aggregator.retryInMs).toBeNull()
  })
})

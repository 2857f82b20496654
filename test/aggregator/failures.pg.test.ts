import {
  buildRegularly,
  type Changes,
  EventAggregator,
  type EventAggregatorOptions,
  InMemorySet,
  ObjectsParkedError,
  type ParkedObject,
} from 'pg-capture'
import { beforeEach, describe, expect, test, vi } from 'vitest'
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

interface Setting {
  readonly aggregator: EventAggregator
  readonly add: () => Promise<void>
  /** Lets that much time pass for the set. */
  readonly pass: (ms: number) => void
}

function aggregatorFor(sink: PickySink, ids: number, options: Partial<EventAggregatorOptions> = {}): Setting {
  let passed = 0
  const idsSet = new InMemorySet({ now: () => performance.now() + passed })
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client: database,
    idsSet,
    onChange: (changes) => sink.take(changes),
    ...options,
  })
  return {
    aggregator,
    add: () => idsSet.add(Array.from({ length: ids }, (_, index) => String(index + 1))),
    pass: (ms) => {
      passed += ms
    },
  }
}

const failureOf = (build: Promise<void>): Promise<unknown> =>
  build.then(
    () => undefined,
    (error: unknown) => error,
  )

async function parkedIn({ parked }: EventAggregator): Promise<ParkedObject[]> {
  const all: ParkedObject[] = []
  for await (const batch of parked.list()) all.push(...batch)
  return all.sort((a, b) => Number(a.id) - Number(b.id))
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
    const { aggregator, add, pass } = aggregatorFor(sink, 300)
    await add()
    // The first failure may be the moment's; after the second the batch is split.
    await expect(aggregator.buildObjects()).rejects.toThrow('refuses an object')
    await expect(aggregator.buildObjects()).rejects.toThrow('refuses an object')
    expect(sink.taken).toHaveLength(298)
    expect(new Set(sink.taken).size).toBe(298)
    expect(aggregator.retryInMs).toBeGreaterThan(0)

    sink.bad.clear()
    pass(1_000)
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

describe('a source that delivers in order, and again what was rejected', () => {
  class DurableSet extends PlainSet {
    readonly durable = true
  }

  /** Gives up where the same event is rejected for the tenth time. */
  async function consume(aggregator: EventAggregator): Promise<string[]> {
    const handled: string[] = []
    let attempts = 0
    for (const id of ['1', '2', '3']) {
      const handle = (): Promise<boolean> =>
        aggregator.handleEvent(retitled(id)).then(
          () => true,
          () => false,
        )
      while (!(await handle())) {
        attempts += 1
        if (attempts === 10) return handled
      }
      handled.push(id)
    }
    return handled
  }

  test('comes no further at an object that can not be taken, where it waits for the build', async () => {
    const sink = new PickySink()
    sink.bad.add('2')
    const { aggregator } = aggregatorFor(sink, 0, { parkAfter: 3 })
    expect(await consume(aggregator)).toEqual(['1'])
    expect(sink.taken).toEqual(['1'])
  })

  test('goes on with a durable set and builds of their own', async () => {
    const sink = new PickySink()
    sink.bad.add('2')
    const told: unknown[] = []
    const { aggregator } = aggregatorFor(sink, 0, {
      idsSet: new DurableSet(),
      parkAfter: 3,
      scheduleBuildObjects: (build) => void build(),
      onError: (error) => told.push(error),
    })
    const builds = buildRegularly(aggregator, { sweepMs: 5, onError: (error) => told.push(error) })
    expect(await consume(aggregator)).toEqual(['1', '2', '3'])
    await vi.waitFor(() => expect(sink.taken).toEqual(expect.arrayContaining(['1', '3'])))
    await vi.waitFor(() => expect(told).toContainEqual(new Error('the sink refuses an object')))
    await builds.stop()
  })
})

describe('a sink that is down', () => {
  test('is not called for every object', async () => {
    const sink = new PickySink()
    sink.isDown = true
    const { aggregator, add } = aggregatorFor(sink, 300, { batchSize: 2 })
    await add()
    await expect(aggregator.buildObjects()).rejects.toThrow('the sink is down')
    await expect(aggregator.buildObjects()).rejects.toThrow('the sink is down')
    expect(sink.calls).toBeLessThanOrEqual(30)
  })

  test('gets everything at once when it is back, also what had failed alone', async () => {
    const sink = new PickySink()
    sink.isDown = true
    const { aggregator, add } = aggregatorFor(sink, 300, { batchSize: 4 })
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

describe('an outage in which every object waits for its next attempt', () => {
  test('goes on until something comes through, and then they wait no more', async () => {
    const sink = new PickySink()
    sink.isDown = true
    const { aggregator, add } = aggregatorFor(sink, 3, { health: { laggingAfterMs: 0, stalledAfterMs: 0 } })
    await add()
    for (let attempt = 0; attempt < 3; attempt += 1) await failureOf(aggregator.buildObjects())
    const { calls } = sink
    // All of them wait: this run finds nothing to build, and proves nothing.
    await aggregator.buildObjects()
    expect(sink.calls).toBe(calls)
    expect((await aggregator.health()).reasons.map(({ code }) => code)).toContain('BUILDS_FAILING')
    expect(aggregator.retryInMs).toBeGreaterThan(0)

    sink.isDown = false
    await aggregator.handleEvent(retitled('4'))
    expect(aggregator.retryInMs).toBe(0)
    await aggregator.buildObjects()
    expect([...sink.taken].sort()).toEqual(['1', '2', '3', '4'])
    expect((await aggregator.health()).state).toBe('ok')
  })
})

describe('an object that fails again and again while others go through', () => {
  /** Builds until no attempt is left, a good object beside the bad one each time. */
  async function parkFirst(setting: Setting, sink: PickySink, attempts: number): Promise<unknown[]> {
    sink.bad.add('1')
    const failures: unknown[] = []
    await setting.aggregator.collect([retitled('1')])
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      await setting.aggregator.collect([retitled('2')])
      failures.push(await failureOf(setting.aggregator.buildObjects()))
      setting.pass(300_000)
    }
    return failures
  }

  test('is parked after ten attempts, and told of', async () => {
    const sink = new PickySink()
    const setting = aggregatorFor(sink, 0)
    const failures = await parkFirst(setting, sink, 10)
    expect(
      failures.slice(0, 9).every((error) => error instanceof Error && error.message.includes('refuses')),
    ).toBe(true)
    expect(failures[9]).toBeInstanceOf(ObjectsParkedError)
    expect(failures[9]).toMatchObject({ code: 'OBJECTS_PARKED', ids: ['1'] })
    expect((failures[9] as ObjectsParkedError).message).toContain('1 object(s) of "book"')
    expect((failures[9] as ObjectsParkedError).cause).toMatchObject({ message: 'the sink refuses an object' })

    const { calls } = sink
    await setting.aggregator.buildObjects()
    expect(sink.calls).toBe(calls)
    expect(setting.aggregator.retryInMs).toBeNull()
    expect(await parkedIn(setting.aggregator)).toMatchObject([{ id: '1', attempts: 10, error: 'Error' }])
  })

  test('is parked sooner where parkAfter says so', async () => {
    const sink = new PickySink()
    const setting = aggregatorFor(sink, 0, { parkAfter: 3, name: 'tomes' })
    const failures = await parkFirst(setting, sink, 3)
    expect(failures[2]).toMatchObject({ code: 'OBJECTS_PARKED', ids: ['1'] })
    expect(String(failures[2])).toContain('of "tomes"')
  })

  test('is tried once more when its row changes, and parked again at once', async () => {
    const sink = new PickySink()
    const setting = aggregatorFor(sink, 0, { parkAfter: 3 })
    await parkFirst(setting, sink, 3)
    await setting.aggregator.collect([retitled('1'), retitled('2')])
    expect(await failureOf(setting.aggregator.buildObjects())).toMatchObject({ code: 'OBJECTS_PARKED' })
    expect(await parkedIn(setting.aggregator)).toMatchObject([{ id: '1', attempts: 4 }])
  })

  test('is built again on request, and then known no more', async () => {
    const sink = new PickySink()
    const setting = aggregatorFor(sink, 0, { parkAfter: 3 })
    await parkFirst(setting, sink, 3)
    await expect(setting.aggregator.parked.retry()).rejects.toMatchObject({ code: 'OBJECTS_PARKED' })
    sink.bad.clear()
    await setting.aggregator.parked.retry([1])
    expect(sink.taken.at(-1)).toBe('1')
    expect(await parkedIn(setting.aggregator)).toEqual([])
    await setting.aggregator.parked.retry()
    await setting.aggregator.parked.retry([])

    // What is known of its failures is forgotten as well: the next one is the first.
    sink.bad.add('1')
    await setting.aggregator.collect([retitled('1')])
    await failureOf(setting.aggregator.buildObjects())
    expect(setting.aggregator.retryInMs).toBe(0)
  })

  test('holds up the acknowledgement of a set in memory, until it is dropped', async () => {
    const sink = new PickySink()
    const setting = aggregatorFor(sink, 0, { parkAfter: 3 })
    await parkFirst(setting, sink, 3)
    let isSettled = false
    const settled = setting.aggregator.settled().then(() => (isSettled = true))
    await setting.aggregator.parked.drop(['2'])
    await setting.aggregator.buildObjects()
    expect(isSettled).toBe(false)
    await setting.aggregator.parked.drop([1])
    await settled
    expect(await parkedIn(setting.aggregator)).toEqual([])

    // A later event on it is a new beginning.
    sink.bad.clear()
    await setting.aggregator.handleEvent(retitled('1'))
    expect(sink.taken.at(-1)).toBe('1')
  })

  test('is not parked while nothing else goes through: that may be an outage', async () => {
    const sink = new PickySink()
    sink.bad.add('1')
    const { aggregator, add, pass } = aggregatorFor(sink, 1, { parkAfter: 3 })
    await add()
    for (let attempt = 0; attempt < 12; attempt += 1) {
      expect(await failureOf(aggregator.buildObjects())).toMatchObject({
        message: 'the sink refuses an object',
      })
      pass(300_000)
    }
    expect(await parkedIn(aggregator)).toEqual([])
    expect(aggregator.retryInMs).toBeGreaterThan(250_000)
  })
})

test('what two aggregators collect in one set in memory settles when either has emitted it', async () => {
  const idsSet = new InMemorySet()
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  const slow = new EventAggregator({ schema: bookSchema, client: database, idsSet, onChange: () => opened })
  const quick = new EventAggregator({
    schema: bookSchema,
    client: database,
    idsSet,
    onChange: () => undefined,
  })
  await quick.collect([retitled('1')])
  const building = slow.buildObjects()
  let isSettled = false
  const settled = quick.settled().then(() => (isSettled = true))
  // It finds nothing to claim: what it has collected is in the other one's hands.
  await quick.buildObjects()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(isSettled).toBe(false)
  open()
  await building
  await settled
})

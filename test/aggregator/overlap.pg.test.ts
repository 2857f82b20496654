import { type Changes, EventAggregator, type IdsSet, InMemorySet } from 'pg-capture'
import { beforeEach, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { bookSchema, firstBook, library, retitled } from './library.ts'
import { NotingClient } from './noting-client.ts'
import { PlainSet } from './plain-set.ts'

const database = testDatabase({ setup: library })

beforeEach(() => retitle('One'))

const sets: readonly (readonly [name: string, make: () => IdsSet])[] = [
  ['an InMemorySet', () => new InMemorySet()],
  ['a set with three methods', () => new PlainSet()],
]

async function retitle(title: string): Promise<void> {
  await database.query('update book set title = $1 where id = 1', [title])
}

function titlesOf(emitted: readonly Changes[]): unknown[] {
  return emitted.flatMap(({ upsert }) => upsert.map(({ object }) => (object as { title: string }).title))
}

/** A promise that is resolved from outside. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

describe.each(sets)('with %s', (_, makeSet) => {
  test('an id that comes back while its object is read is built again', async () => {
    const emitted: Changes[] = []
    const client = new NotingClient(database)
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client,
      idsSet: makeSet(),
      onChange: (changes) => emitted.push(changes),
      unpositionedEvents: { delayMs: 0 },
    })
    let late: Promise<void> | undefined
    client.after = async () => {
      if (late !== undefined) return
      await retitle('newer')
      late = aggregator.handleEvent(retitled('1'))
    }
    await aggregator.handleEvent(retitled('1'))
    await late
    expect(titlesOf(emitted)).toEqual(['One', 'newer'])
  })

  test('an id that comes back while its object is in onChange is built again', async () => {
    const emitted: Changes[] = []
    let late: Promise<void> | undefined
    const aggregator: EventAggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet: makeSet(),
      onChange: async (changes) => {
        if (late === undefined) {
          await retitle('newer')
          late = aggregator.handleEvent(retitled('1'))
          // Its ids are in the set before this build ends.
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        emitted.push(changes)
      },
    })
    await aggregator.handleEvent(retitled('1'))
    await late
    expect(titlesOf(emitted)).toEqual(['One', 'newer'])
  })

  test('an onChange that updates the row and collects its event gets the new object with the next build', async () => {
    const emitted: Changes[] = []
    const aggregator: EventAggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet: makeSet(),
      onChange: async (changes) => {
        emitted.push(changes)
        if (emitted.length > 1) return
        await retitle('newer')
        expect(await aggregator.collect([retitled('1')])).toBe(true)
      },
    })
    await aggregator.handleEvent(retitled('1'))
    await aggregator.buildObjects()
    expect(titlesOf(emitted)).toEqual(['One', 'newer'])
  })

  test('an id that comes back while its build fails is built again, once', async () => {
    const emitted: Changes[] = []
    const aggregator: EventAggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet: makeSet(),
      onChange: async (changes) => {
        emitted.push(changes)
        if (emitted.length > 1) return
        await aggregator.collect([retitled('1')])
        throw new Error('the sink is down')
      },
    })
    await expect(aggregator.handleEvent(retitled('1'))).rejects.toThrow('the sink is down')
    await aggregator.buildObjects()
    await aggregator.buildObjects()
    expect(titlesOf(emitted)).toEqual(['One', 'One'])
  })

  test('overlapping events never emit an older object after a newer one', async () => {
    const emitted: Changes[] = []
    const client = new NotingClient(database)
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client,
      idsSet: makeSet(),
      onChange: (changes) => emitted.push(changes),
    })
    // The earlier a build reads, the longer its answer takes.
    let pause = 40
    client.after = () => new Promise((resolve) => setTimeout(resolve, (pause = Math.max(0, pause - 10))))
    const handled: Promise<void>[] = []
    for (let n = 1; n <= 8; n++) {
      await retitle(String(n))
      handled.push(aggregator.handleEvent(retitled('1')))
    }
    await Promise.all(handled)
    const titles = titlesOf(emitted).map(Number)
    expect(titles.at(-1)).toBe(8)
    expect(titles).toEqual([...titles].sort((left, right) => left - right))
    const versions = emitted.map(({ version }) => version)
    expect(versions).toEqual([...versions].sort((left, right) => (left < right ? -1 : 1)))
  })

  test('calls of buildObjects that overlap share the run that follows; none is dropped', async () => {
    const { opened, open } = gate()
    const client = new NotingClient(database)
    const emitted: Changes[] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client,
      idsSet: makeSet(),
      scheduleBuildObjects: () => undefined,
      onChange: async (changes) => {
        emitted.push(changes)
        await opened
      },
    })
    await aggregator.handleEvent(retitled('1'))
    const first = aggregator.buildObjects()
    while (emitted.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))

    // What is collected now is not in the run that is under way; each of these has to wait for one that has it.
    await aggregator.handleEvent(retitled('2'))
    const done: string[] = []
    const others = [1, 2, 3, 4, 5].map(async (n) => {
      await aggregator.buildObjects()
      done.push(`${n} after ${emitted.length} builds`)
    })
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(done).toEqual([])
    open()
    await first
    await Promise.all(others)
    expect(done).toEqual([1, 2, 3, 4, 5].map((n) => `${n} after 2 builds`))
    expect(emitted.map(({ upsert }) => upsert.map(({ id }) => id))).toEqual([['1'], ['2']])
    expect(client.builds).toHaveLength(2)
  })

  test('two aggregators on one set never build an id at the same time', async () => {
    const idsSet = makeSet()
    const building = new Set<string>()
    const twice: string[] = []
    const emitted: Changes[] = []
    const builder = (): EventAggregator => {
      const client = new NotingClient(database)
      return new EventAggregator({
        schema: bookSchema,
        client,
        idsSet,
        scheduleBuildObjects: () => undefined,
        onChange: async (changes) => {
          emitted.push(changes)
          for (const { id } of changes.upsert) {
            if (building.has(id)) twice.push(id)
            building.add(id)
          }
          await new Promise((resolve) => setTimeout(resolve, 2))
          for (const { id } of changes.upsert) building.delete(id)
        },
      })
    }
    const [one, two] = [builder(), builder()]
    for (let n = 1; n <= 20; n++) {
      await retitle(String(n))
      await one.handleEvents(['1', '2', '3'].map(retitled))
      await Promise.all([one.buildObjects(), two.buildObjects()])
    }
    await Promise.all([one.buildObjects(), two.buildObjects()])
    expect(twice).toEqual([])
    const titles = emitted.flatMap(({ upsert }) =>
      upsert.filter(({ id }) => id === '1').map(({ object }) => Number((object as { title: string }).title)),
    )
    expect(titles.at(-1)).toBe(20)
    expect(titles).toEqual([...titles].sort((left, right) => left - right))
  })

  test.each([
    ['emits it', false],
    ['fails at it, and this one builds it', true],
  ])('what another aggregator holds is not settled until that one %s', async (_name, fails) => {
    const idsSet = makeSet()
    const emitted: string[] = []
    const held = gate()
    const holds = gate()
    const builder = (onChange: () => unknown): EventAggregator =>
      new EventAggregator({
        schema: bookSchema,
        client: database,
        idsSet,
        scheduleBuildObjects: () => undefined,
        onChange: async ({ upsert }) => {
          await onChange()
          emitted.push(...upsert.map(({ id }) => id))
        },
      })
    const one = builder(() => undefined)
    const other = builder(async () => {
      holds.open()
      await held.opened
      if (fails) throw new Error('the sink is down')
    })
    await one.collect([retitled('1')])
    let emittedWhenSettled: string[] | undefined
    const settled = one.settled().then(() => (emittedWhenSettled = [...emitted]))
    const othersBuild = other.buildObjects().catch(() => undefined)
    await holds.opened
    await one.buildObjects()
    await new Promise((resolve) => setImmediate(resolve))
    expect(emittedWhenSettled).toBeUndefined()

    held.open()
    await othersBuild
    if (fails) {
      await new Promise((resolve) => setImmediate(resolve))
      expect(emittedWhenSettled).toBeUndefined()
      await one.buildObjects()
    }
    await settled
    expect(emittedWhenSettled).toEqual(['1'])
  })

  test('a failing run fails the calls that it serves, and not those after it', async () => {
    let fails = true
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet: makeSet(),
      scheduleBuildObjects: () => undefined,
      onChange: () => {
        if (!fails) return
        fails = false
        throw new Error('the sink is down')
      },
    })
    await aggregator.handleEvent(retitled('1'))
    const results = await Promise.allSettled([aggregator.buildObjects(), aggregator.buildObjects()])
    // The first starts at once and fails; the second is served by the run after it, or shares the first.
    expect(results[0].status).toBe('rejected')
    await expect(aggregator.buildObjects()).resolves.toBeUndefined()
  })
})

test('changes have the newest object of a row that was written while the build waited', async () => {
  const emitted: Changes[] = []
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client: database,
    scheduleBuildObjects: () => undefined,
    onChange: (changes) => emitted.push(changes),
  })
  await retitle('older')
  await aggregator.handleEvent(retitled('1'))
  await retitle('newest')
  await aggregator.handleEvent(retitled('1'))
  await aggregator.buildObjects()
  expect(emitted.map(({ upsert }) => upsert)).toEqual([
    [{ ...firstBook, object: { ...firstBook.object, title: 'newest' } }],
  ])
})

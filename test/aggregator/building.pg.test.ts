import {
  type Changes,
  EventAggregator,
  type EventAggregatorOptions,
  InMemorySet,
  type RootSchema,
  type WALEvent,
} from 'pg-capture'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { bookSchema, firstBook, library, retitled, secondBook, thirdBook } from './library.ts'
import { NotingClient } from './noting-client.ts'
import { PlainSet } from './plain-set.ts'

const database = testDatabase({ setup: library })

/** Ids that a set holds now. */
async function pendingIn(set: InMemorySet): Promise<string[]> {
  const ids: string[] = []
  for await (const batch of set.getAll()) ids.push(...batch)
  return ids
}

describe('the default build', () => {
  test('is done when handleEvent resolves, onChange included', async () => {
    const order: string[] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      onChange: async ({ upsert }) => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        order.push(`changed ${upsert.map(({ id }) => id).join()}`)
      },
    })
    await aggregator.handleEvent(retitled('1'))
    order.push('handled')
    expect(order).toEqual(['changed 1', 'handled'])
  })

  test('emits the objects as the schema describes them, with nothing around', async () => {
    const emitted: Changes[] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      onChange: (changes) => emitted.push(changes),
    })
    await aggregator.handleEvents([retitled('1'), retitled('3'), retitled('99')])
    expect(emitted).toEqual([{ upsert: [firstBook, thirdBook], delete: ['99'], version: expect.any(BigInt) }])
  })

  test.each([
    [
      'throws',
      (error: Error) => () => {
        throw error
      },
    ],
    ['rejects', (error: Error) => () => Promise.reject(error)],
    ['rejects later', (error: Error) => () => new Promise((_, reject) => setTimeout(() => reject(error), 1))],
  ])(
    'makes handleEvent reject where onChange %s; the ids stay pending and are built later',
    async (_, failing) => {
      const failure = new Error('the sink is down')
      let onChange: (changes: Changes) => unknown = failing(failure)
      const idsSet = new InMemorySet()
      const aggregator = new EventAggregator({
        schema: bookSchema,
        client: database,
        idsSet,
        onChange: (changes) => onChange(changes),
      })
      await expect(aggregator.handleEvent(retitled('1'))).rejects.toBe(failure)
      expect(await pendingIn(idsSet)).toEqual(['1'])

      const emitted: Changes[] = []
      onChange = (changes) => emitted.push(changes)
      await aggregator.buildObjects()
      expect(emitted.map(({ upsert }) => upsert)).toEqual([[firstBook]])
      expect(await pendingIn(idsSet)).toEqual([])
    },
  )

  test('makes handleEvent reject where its query fails; the ids stay pending and are built later', async () => {
    const failure = new Error('the connection is gone')
    const client = new NotingClient(database)
    const emitted: Changes[] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client,
      onChange: (changes) => emitted.push(changes),
      unpositionedEvents: { delayMs: 0 },
    })
    client.before = () => {
      throw failure
    }
    await expect(aggregator.handleEvent(retitled('1'))).rejects.toBe(failure)
    client.before = () => undefined
    await aggregator.buildObjects()
    expect(emitted.map(({ upsert }) => upsert)).toEqual([[firstBook]])
  })

  test('is not reached where the look-up fails; delivered again, the event is handled', async () => {
    const failure = new Error('the connection is gone')
    const client = new NotingClient(database)
    const emitted: Changes[] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client,
      onChange: (changes) => emitted.push(changes),
    })
    const renamed = {
      action: 'UPDATE' as const,
      table: 'author',
      data: { id: 'bob', name: 'Bob' },
      dataOld: { id: 'bob', name: 'Rob' },
    }
    client.before = () => {
      throw failure
    }
    await expect(aggregator.handleEvent(renamed)).rejects.toBe(failure)
    client.before = () => undefined
    await aggregator.buildObjects()
    expect(emitted).toEqual([])
    await aggregator.handleEvent(renamed)
    expect(emitted.map(({ upsert }) => upsert)).toEqual([[thirdBook]])
  })

  test('goes on after a batch that fails, and acknowledges the others', async () => {
    const idsSet = new InMemorySet()
    let calls = 0
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet,
      batchSize: 1,
      onChange: () => {
        calls += 1
        if (calls === 2) throw new Error('the sink is down')
      },
    })
    await expect(aggregator.handleEvents(['1', '2', '3'].map(retitled))).rejects.toThrow('the sink is down')
    expect(await pendingIn(idsSet)).toEqual(['2'])
  })

  test('without an onChange is refused, and every id is still pending', async () => {
    const idsSet = new InMemorySet()
    const aggregator = new EventAggregator({ schema: bookSchema, client: database, idsSet })
    await expect(aggregator.handleEvent(retitled('1'))).rejects.toMatchObject({ code: 'ON_CHANGE_MISSING' })
    await expect(aggregator.buildObjects()).rejects.toMatchObject({ code: 'ON_CHANGE_MISSING' })
    expect(await pendingIn(idsSet)).toEqual(['1'])
  })

  test('does not emit what another builder has taken over', async () => {
    const emitted: Changes[] = []
    const idsSet = new InMemorySet()
    idsSet.renew = async () => false
    const client = new NotingClient(database)
    client.after = () => new Promise((resolve) => setTimeout(resolve, 20))
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client,
      idsSet,
      leaseMs: 30,
      onChange: (changes) => emitted.push(changes),
    })
    await expect(aggregator.handleEvent(retitled('1'))).rejects.toMatchObject({ code: 'LEASE_LOST' })
    expect(emitted).toEqual([])
  })

  test('keeps its lease while onChange takes longer than it', async () => {
    const idsSet = new InMemorySet()
    const slow = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet,
      leaseMs: 60,
      onChange: () => new Promise((resolve) => setTimeout(resolve, 150)),
    })
    const built: string[] = []
    const other = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet,
      onChange: ({ upsert }) => built.push(...upsert.map(({ id }) => id)),
    })
    const slowly = slow.handleEvent(retitled('1'))
    await new Promise((resolve) => setTimeout(resolve, 100))
    await other.buildObjects()
    await slowly
    expect(built).toEqual([])
  })
})

describe('a scheduled build', () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): unknown => unhandled.push(reason)
  beforeEach(() => {
    unhandled.length = 0
    process.on('unhandledRejection', note)
  })
  afterEach(() => {
    process.off('unhandledRejection', note)
    vi.restoreAllMocks()
  })

  test('may come later, after handleEvent has resolved', async () => {
    const emitted: Changes[] = []
    let built: Promise<void> | undefined
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      onChange: (changes) => emitted.push(changes),
      scheduleBuildObjects: (build) => {
        built = new Promise((resolve) => setTimeout(() => resolve(build()), 5))
      },
    })
    await aggregator.handleEvent(retitled('1'))
    expect(emitted).toEqual([])
    await built
    expect(emitted.map(({ upsert }) => upsert)).toEqual([[firstBook]])
  })

  test('is waited for where scheduleBuildObjects returns it', async () => {
    const emitted: Changes[] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      onChange: (changes) => emitted.push(changes),
      scheduleBuildObjects: (build) => build(),
    })
    await aggregator.handleEvent(retitled('1'))
    expect(emitted).toHaveLength(1)
  })

  test('that fails tells onError, and rejects nowhere', async () => {
    const failure = new Error('the sink is down')
    const told = new Promise((resolve) => {
      const aggregator = new EventAggregator({
        schema: bookSchema,
        client: database,
        onChange: () => Promise.reject(failure),
        onError: resolve,
        scheduleBuildObjects: (build) => {
          setTimeout(() => {
            void build()
          }, 1)
        },
      })
      void aggregator.handleEvent(retitled('1'))
    })
    expect(await told).toBe(failure)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(unhandled).toEqual([])
  })

  test('that fails without an onError prints the failure, and no value of a row', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      onChange: () => Promise.reject(new TypeError('Can not index {"title":"One"}')),
      scheduleBuildObjects: (build) => build(),
    })
    await aggregator.handleEvent(retitled('1'))
    expect(printed).toHaveBeenCalledOnce()
    expect(printed.mock.calls[0]).toEqual([
      'pg-capture: a scheduled build failed, its ids stay pending: TypeError (pass onError to see it)',
    ])
  })

  test('that fails, and whose onError fails too, rejects nowhere', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      onChange: () => Promise.reject(new Error('the sink is down')),
      onError: () => {
        throw new TypeError('Can not log {"title":"One"}')
      },
      scheduleBuildObjects: (build) => build(),
    })
    await aggregator.handleEvent(retitled('1'))
    expect(printed.mock.calls).toEqual([
      [
        'pg-capture: onError failed when it was told of a scheduled build: TypeError (pass onError to see it)',
      ],
    ])
    expect(unhandled).toEqual([])
  })

  test('that has failed leaves its ids to the next', async () => {
    const emitted: Changes[] = []
    let fails = true
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      onError: () => undefined,
      onChange: (changes) => {
        if (fails) throw new Error('the sink is down')
        emitted.push(changes)
      },
      scheduleBuildObjects: (build) => build(),
    })
    await aggregator.handleEvent(retitled('1'))
    fails = false
    await aggregator.handleEvent(retitled('2'))
    // What has failed before is built apart from what has not.
    expect(emitted.map(({ upsert }) => upsert)).toEqual([[secondBook], [firstBook]])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('the queue is down')
      },
    ],
    ['rejects', () => Promise.reject(new Error('the queue is down'))],
  ])(
    'makes handleEvent reject where scheduleBuildObjects %s; the ids are in the set',
    async (_, scheduleBuildObjects) => {
      const idsSet = new InMemorySet()
      const aggregator = new EventAggregator({
        schema: bookSchema,
        client: database,
        idsSet,
        scheduleBuildObjects,
      })
      await expect(aggregator.handleEvent(retitled('1'))).rejects.toThrow('the queue is down')
      expect(await pendingIn(idsSet)).toEqual(['1'])
    },
  )

  test('is scheduled once for a batch, after its ids are in the set', async () => {
    const idsSet = new PlainSet()
    const scheduled: string[][] = []
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database,
      idsSet,
      scheduleBuildObjects: () => scheduled.push([...idsSet.ids] as string[]),
    })
    await aggregator.handleEvents(['1', '2', '3'].map(retitled))
    expect(scheduled).toEqual([['1', '2', '3']])
  })
})

describe('inexactNumbers', () => {
  const schema: RootSchema = {
    table: 'account',
    primaryKey: 'id',
    schema: { type: 'column', column: 'held' },
  }
  const opened: WALEvent = { table: 'account', action: 'INSERT', data: { id: 1 } }

  beforeEach(async () => {
    await database.query(`
      drop table if exists account;
      create table account (id int primary key, held jsonb);
      insert into account values
        (1, '{"cents": 9007199254740993, "rate": 0.12345678901234567890, "few": 1.50}'), (2, '[-9007199254740993]')`)
  })

  test('are their digits where nothing else is said, and what is said where it is', async () => {
    const objects: unknown[] = []
    const onChange = ({ upsert }: Changes): void => void objects.push(...upsert.map(({ object }) => object))
    await new EventAggregator({ schema, client: database, onChange }).handleEvent(opened)
    const inexactNumbers = (digits: string): unknown => ({ digits })
    await new EventAggregator({ schema, client: database, onChange, inexactNumbers }).handleEvent(opened)
    expect(objects).toEqual([
      { cents: '9007199254740993', rate: '0.12345678901234567890', few: 1.5 },
      { cents: { digits: '9007199254740993' }, rate: { digits: '0.12345678901234567890' }, few: 1.5 },
    ])
  })

  test('that throw hold up no other object', async () => {
    const objects: unknown[] = []
    const aggregator = new EventAggregator({
      schema,
      client: database,
      onChange: ({ upsert }) => objects.push(...upsert.map(({ object }) => object)),
      inexactNumbers: BigInt,
    })
    const events: WALEvent[] = [opened, { table: 'account', action: 'INSERT', data: { id: 2 } }]
    await expect(aggregator.handleEvents(events)).rejects.toThrow(SyntaxError)
    await expect(aggregator.buildObjects()).rejects.toThrow(SyntaxError)
    expect(objects).toEqual([[-9007199254740993n]])
  })
})

describe('options that can not work are refused at once', () => {
  const right = { schema: bookSchema, client: database }

  test.each([
    ['batchSize', 0],
    ['batchSize', 1.5],
    ['batchSize', NaN],
    ['leaseMs', -1],
    ['leaseMs', Infinity],
    ['visibilityTimeoutMs', 0],
    ['inexactNumbers', 1],
  ])('%s: %d', (option, value) => {
    expect(() => new EventAggregator({ ...right, [option]: value })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(`"${option}"`) }),
    )
  })

  test('a set that lacks a method', () => {
    const idsSet = { add: () => undefined, getAll: () => [] } as unknown as InMemorySet
    expect(() => new EventAggregator({ ...right, idsSet })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('delete') }),
    )
  })

  test.each([undefined, null, {}, 'postgres://localhost/bookshop'])('a client that is none: %j', (client) => {
    const options = { ...right, client } as unknown as EventAggregatorOptions
    expect(() => new EventAggregator(options)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('"client"') }),
    )
  })

  test('a schema that can not work', () => {
    const schema = { ...bookSchema, primaryKey: '' }
    expect(() => new EventAggregator({ ...right, schema })).toThrow(
      expect.objectContaining({ code: 'SCHEMA_INVALID' }),
    )
  })
})

import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  bookSchema,
  firstBook,
  library,
  retitled,
  secondBook,
  thirdBook,
} from '../../../test/aggregator/library.ts'
import { NotingClient } from '../../../test/aggregator/noting-client.ts'
import { PlainSet } from '../../../test/aggregator/plain-set.ts'
import { ScriptedSource } from '../../../test/aggregator/scripted-source.ts'
import { testDatabase } from '../../../test/support/postgres.ts'
import type { Changes } from '../aggregator/changes.ts'
import { EventAggregator, type EventAggregatorOptions } from '../aggregator/event-aggregator.ts'
import type { RootSchema } from '../schema/schema.ts'
import { Capture, type CaptureOptions } from './capture.ts'

const database = testDatabase({ setup: library })

const authorSchema: RootSchema = {
  table: 'author',
  primaryKey: 'id',
  schema: { type: 'column', column: 'name' },
}

const renamed = {
  action: 'UPDATE' as const,
  table: 'author',
  data: { id: 'alice', name: 'Alice' },
  dataOld: { id: 'alice', name: 'Al' },
}

/** A set that says that it outlives the process. */
class DurableSet extends PlainSet {
  readonly durable = true
}

const captures: Capture[] = []
afterEach(async () => {
  await Promise.all(captures.splice(0).map((capture) => capture.stop()))
})

function aggregatorOf(options: Partial<EventAggregatorOptions>): EventAggregator {
  return new EventAggregator({ schema: bookSchema, client: database, ...options })
}

/** A running capture of a scripted source, that is stopped after the test. */
function running(aggregators: readonly EventAggregator[], options: Partial<CaptureOptions> = {}) {
  const source = new ScriptedSource()
  const told: unknown[] = []
  const capture = new Capture({ source, aggregators, onError: (error) => told.push(error), ...options })
  captures.push(capture)
  const run = capture.run()
  run.catch(() => undefined)
  return { capture, source, told, run }
}

/** A promise that is resolved from outside. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

const soon = (check: () => void): Promise<void> => vi.waitFor(check, { interval: 2, timeout: 5_000 })

const aWhile = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 30))

describe('a chunk is acknowledged', () => {
  test('after its objects were emitted, with a set in memory', async () => {
    const { opened, open } = gate()
    const emitted: Changes[] = []
    const { source } = running([
      aggregatorOf({
        onChange: async (changes) => {
          emitted.push(changes)
          await opened
        },
      }),
    ])
    source.put('one', [retitled('1')])
    await soon(() => expect(emitted).toHaveLength(1))
    await aWhile()
    expect(source.acknowledged).toEqual([])
    open()
    await soon(() => expect(source.acknowledged).toEqual(['one']))
    expect(emitted[0]?.upsert).toEqual([firstBook])
  })

  test('once its ids are in the set, with a durable one', async () => {
    const { opened, open } = gate()
    const idsSet = new DurableSet()
    const { source } = running([aggregatorOf({ idsSet, onChange: () => opened })])
    source.put('one', [retitled('1')])
    await soon(() => expect(source.acknowledged).toEqual(['one']))
    expect(idsSet.ids.size).toBe(1)
    open()
  })

  test('at once where it changes no object', async () => {
    const { source } = running([aggregatorOf({ onChange: () => undefined })])
    source.put('one', [{ action: 'INSERT', table: 'publisher', data: { id: 1 } }])
    source.put('two', [])
    await soon(() => expect(source.acknowledged).toEqual(['one', 'two']))
  })

  test('that changes no object still waits for those before it', async () => {
    const { opened, open } = gate()
    const { source } = running([aggregatorOf({ onChange: () => opened })])
    source.put('one', [retitled('1')])
    source.put('two', [])
    await soon(() => expect(source.pulled).toEqual(['one', 'two']))
    await aWhile()
    // A source confirms a position once all before it are; to acknowledge the later one first would be harmless.
    expect(source.acknowledged).not.toContain('one')
    open()
    await soon(() => expect(source.acknowledged.sort()).toEqual(['one', 'two']))
  })

  test('never in the middle of a transaction, whose parts it follows', async () => {
    const emitted: Changes[] = []
    const { source } = running([aggregatorOf({ onChange: (changes) => emitted.push(changes) })])
    source.put('begins', [retitled('1')], { acknowledges: false })
    source.put('ends', [retitled('2')])
    await soon(() => expect(source.acknowledged).toEqual(['ends']))
    expect(emitted.flatMap(({ upsert }) => upsert)).toEqual([firstBook, secondBook])
  })

  test('when every aggregator has emitted its objects', async () => {
    const { opened, open } = gate()
    const books: Changes[] = []
    const { source } = running([
      aggregatorOf({ onChange: (changes) => books.push(changes) }),
      aggregatorOf({ schema: authorSchema, onChange: () => opened }),
    ])
    source.put('one', [renamed])
    await soon(() => expect(books).toHaveLength(1))
    await aWhile()
    expect(source.acknowledged).toEqual([])
    open()
    await soon(() => expect(source.acknowledged).toEqual(['one']))
  })

  test('by a build of a later chunk, where that covers it', async () => {
    const { opened, open } = gate()
    const batches: string[] = []
    const { source } = running([
      aggregatorOf({
        onChange: async ({ upsert }) => {
          batches.push(upsert.map(({ id }) => id).join())
          await opened
        },
        unpositionedEvents: { delayMs: 0 },
      }),
    ])
    source.put('one', [retitled('1')])
    await soon(() => expect(batches).toEqual(['1']))
    source.put('two', [retitled('2')])
    source.put('three', [retitled('3')])
    await soon(() => expect(source.pulled).toHaveLength(3))
    open()
    await soon(() => expect(source.acknowledged).toEqual(['one', 'two', 'three']))
    // Ingest does not wait for builds: what gathered meanwhile is one batch.
    expect(batches).toEqual(['1', '2,3'])
  })
})

describe('the tables that the source has to deliver', () => {
  test('are those of all schemas, each once, with the columns by which old rows are recognised', () => {
    const { source } = running([
      aggregatorOf({ onChange: () => undefined }),
      aggregatorOf({ schema: authorSchema, onChange: () => undefined }),
    ])
    expect(source.tables).toMatchObject([
      { schema: undefined, table: 'book', oldColumns: ['id'] },
      { schema: undefined, table: 'author', oldColumns: ['id'] },
      { schema: undefined, table: 'review', oldColumns: ['bookId'] },
    ])
  })
})

describe('a failure that may pass', () => {
  test('of the source is told to the same onError', async () => {
    const { source, told } = running([aggregatorOf({ onChange: () => undefined })])
    const failure = new Error('the connection is gone')
    source.onError?.(failure)
    expect(told).toEqual([failure])
  })

  test('of onChange is told and tried again, and nothing is acknowledged meanwhile', async () => {
    const failure = new Error('the sink is down')
    let attempts = 0
    const emitted: Changes[] = []
    const { source, told } = running([
      aggregatorOf({
        onChange: (changes) => {
          attempts += 1
          expect(source.acknowledged).toEqual([])
          if (attempts < 3) throw failure
          emitted.push(changes)
        },
      }),
    ])
    source.put('one', [retitled('1')])
    await soon(() => expect(source.acknowledged).toEqual(['one']))
    expect(told).toEqual([failure, failure])
    expect(emitted.map(({ upsert }) => upsert)).toEqual([[firstBook]])
  })

  test('of a look-up is told and tried again', async () => {
    const failure = new Error('the connection is gone')
    const client = new NotingClient(database)
    let failures = 2
    client.before = () => {
      failures -= 1
      if (failures >= 0) throw failure
    }
    const emitted: Changes[] = []
    const { source, told } = running([aggregatorOf({ client, onChange: (changes) => emitted.push(changes) })])
    source.put('one', [renamed])
    await soon(() => expect(source.acknowledged).toEqual(['one']))
    expect(told).toEqual([failure, failure])
    expect(emitted.flatMap(({ upsert }) => upsert.map(({ id }) => id)).sort()).toEqual(['1', '2'])
  })

  test('of one aggregator keeps the objects of another from nothing', async () => {
    const books: Changes[] = []
    const { source, told } = running([
      aggregatorOf({ onChange: (changes) => books.push(changes) }),
      aggregatorOf({ schema: authorSchema, onChange: () => Promise.reject(new Error('the sink is down')) }),
    ])
    source.put('one', [renamed])
    source.put('two', [retitled('3')])
    await soon(() => expect(books.flatMap(({ upsert }) => upsert)).toContainEqual(thirdBook))
    expect(told.length).toBeGreaterThan(0)
    expect(source.acknowledged).toEqual([])
  })

  test('of a scheduled build is tried again, also where no event follows', async () => {
    let fails = true
    const emitted: Changes[] = []
    const { source } = running([
      aggregatorOf({
        onError: () => undefined,
        onChange: (changes) => {
          if (fails) {
            fails = false
            throw new Error('the sink is down')
          }
          emitted.push(changes)
        },
        scheduleBuildObjects: (build) => {
          setTimeout(() => void build(), 1)
        },
      }),
    ])
    source.put('one', [retitled('1')])
    await soon(() => expect(source.acknowledged).toEqual(['one']))
    expect(emitted.map(({ upsert }) => upsert)).toEqual([[firstBook]])
  })

  test('without an onError is printed, without a value of a row', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    let fails = true
    const source = new ScriptedSource()
    const capture = new Capture({
      source,
      aggregators: [
        aggregatorOf({
          onChange: () => {
            if (!fails) return
            fails = false
            throw new TypeError('Can not index {"title":"One"}')
          },
        }),
      ],
    })
    captures.push(capture)
    void capture.run()
    source.put('one', [retitled('1')])
    await soon(() => expect(source.acknowledged).toEqual(['one']))
    expect(printed.mock.calls).toEqual([
      ['pg-capture: trying again after a failure: TypeError (pass onError to see it)'],
    ])
    printed.mockRestore()
  })
})

describe('a failure that trying again can not mend', () => {
  test('of an event ends run with it, and acknowledges nothing from there on', async () => {
    const emitted: Changes[] = []
    const { source, run } = running([aggregatorOf({ onChange: (changes) => emitted.push(changes) })])
    source.put('good', [retitled('1')])
    source.put('bad', [retitled('2'), { action: 'DELETE', table: 'review', dataOld: { id: 5 } }])
    source.put('later', [retitled('3')])
    await expect(run).rejects.toMatchObject({ code: 'EVENT_VALUE_UNKNOWN' })
    expect(source.acknowledged).toEqual(['good'])
    expect(source.pulled).not.toContain('later')
    expect(source.stops).toBeGreaterThan(0)
    expect(emitted.flatMap(({ upsert }) => upsert)).toEqual([firstBook])
  })

  test('of an unhandled TRUNCATE ends run', async () => {
    const { source, run } = running([aggregatorOf({ onChange: () => undefined })])
    source.put('one', [{ action: 'TRUNCATE', table: 'book' }])
    await expect(run).rejects.toMatchObject({ code: 'TRUNCATE_UNHANDLED' })
    expect(source.acknowledged).toEqual([])
  })

  test('of a schema that takes a view for a table ends run', async () => {
    await database.query('create view shelf as select * from book')
    const schema: RootSchema = {
      table: 'shelf',
      primaryKey: 'id',
      schema: { type: 'column', column: 'title' },
    }
    const { source, run } = running([aggregatorOf({ schema, onChange: () => undefined })])
    source.put('one', [{ action: 'INSERT', table: 'shelf', data: { id: 1 } }])
    await expect(run).rejects.toMatchObject({ code: 'TABLE_NOT_CAPTURABLE' })
    expect(source.acknowledged).toEqual([])
  })

  test('of the source ends run with it, after what is under way was emitted and acknowledged', async () => {
    const failure = new Error('the slot is gone')
    const { source, run } = running([aggregatorOf({ onChange: aWhile })])
    source.put('one', [retitled('1')])
    await soon(() => expect(source.pulled).toEqual(['one']))
    source.fail(failure)
    await expect(run).rejects.toBe(failure)
    expect(source.acknowledged).toEqual(['one'])
  })
})

describe('without an event', () => {
  test('what was left in the set by an earlier run is built at the start', async () => {
    const idsSet = new DurableSet()
    await idsSet.add(['1'])
    const emitted: Changes[] = []
    running([aggregatorOf({ idsSet, onChange: (changes) => emitted.push(changes) })])
    await soon(() => expect(emitted.map(({ upsert }) => upsert)).toEqual([[firstBook]]))
  })

  test('what another brings into the set, and no message tells, is built by a sweep', async () => {
    const idsSet = new DurableSet()
    const emitted: Changes[] = []
    const { source } = running([aggregatorOf({ idsSet, onChange: (changes) => emitted.push(changes) })], {
      sweepMs: 100,
    })
    source.put('one', [])
    await soon(() => expect(source.acknowledged).toEqual(['one']))
    await idsSet.add(['2'])
    await soon(() => expect(emitted.map(({ upsert }) => upsert)).toEqual([[secondBook]]))
  })

  test('the sweep leaves alone what another process has to build', async () => {
    const idsSet = new DurableSet()
    await idsSet.add(['1'])
    running([aggregatorOf({ idsSet, scheduleBuildObjects: () => undefined })], { sweepMs: 1 })
    await aWhile()
    expect([...idsSet.ids]).toEqual(['1'])
  })
})

describe('stop', () => {
  test('lets the running build finish, and acknowledges what it covers', async () => {
    const { opened, open } = gate()
    let building = false
    const { capture, source, run } = running([
      aggregatorOf({
        onChange: async () => {
          building = true
          await opened
        },
      }),
    ])
    source.put('one', [retitled('1')])
    await soon(() => expect(building).toBe(true))
    const stopped = capture.stop()
    await aWhile()
    expect(source.stops).toBe(0)
    open()
    await stopped
    await run
    expect(source.acknowledged).toEqual(['one'])
  })

  test('gives up on a build that takes longer than it was given, and does not acknowledge it', async () => {
    let building = false
    const { capture, source, run } = running(
      [
        aggregatorOf({
          onChange: () => {
            building = true
            return new Promise(() => undefined)
          },
        }),
      ],
      { stopTimeoutMs: 20 },
    )
    source.put('one', [retitled('1')])
    await soon(() => expect(building).toBe(true))
    await capture.stop()
    await run
    expect(source.acknowledged).toEqual([])
  })

  test('does not wait for a transaction to become visible', async () => {
    const { capture, source, run } = running([aggregatorOf({ onChange: () => undefined })])
    const [{ next } = { next: '' }] = await database.rows<{ next: string }>(
      'select (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 1000000)::text as next',
    )
    source.put('one', [{ ...retitled('1'), xid: next }])
    await soon(() => expect(source.pulled).toEqual(['one']))
    await aWhile()
    const began = performance.now()
    await capture.stop()
    await run
    expect(performance.now() - began).toBeLessThan(1_000)
    expect(source.acknowledged).toEqual([])
  })

  test('interrupts the pause before the next attempt', async () => {
    const { capture, source, told } = running([
      aggregatorOf({ onChange: () => Promise.reject(new Error('the sink is down')) }),
    ])
    source.put('one', [retitled('1')])
    await soon(() => expect(told).toHaveLength(4))
    const began = performance.now()
    await capture.stop()
    expect(performance.now() - began).toBeLessThan(300)
    expect(source.acknowledged).toEqual([])
  })

  test('twice, and at once, is harmless', async () => {
    const { capture, source, run } = running([aggregatorOf({ onChange: () => undefined })])
    await Promise.all([capture.stop(), capture.stop()])
    await capture.stop()
    await run
    expect(source.pulled).toEqual([])
  })

  test('before run keeps it from running', async () => {
    const source = new ScriptedSource()
    const capture = new Capture({ source, aggregators: [aggregatorOf({ onChange: () => undefined })] })
    await capture.stop()
    await expect(capture.run()).rejects.toMatchObject({ code: 'CAPTURE_STATE' })
  })
})

describe('a Capture', () => {
  test('runs once', async () => {
    const { capture } = running([aggregatorOf({ onChange: () => undefined })])
    await expect(capture.run()).rejects.toMatchObject({ code: 'CAPTURE_STATE' })
  })

  test.each([0, -1, 1.5, Infinity])('with sweepMs: %d is refused', (sweepMs) => {
    const aggregators = [aggregatorOf({ onChange: () => undefined })]
    expect(() => new Capture({ source: new ScriptedSource(), aggregators, sweepMs })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('"sweepMs"') }),
    )
  })

  test('without aggregators is refused', () => {
    expect(() => new Capture({ source: new ScriptedSource(), aggregators: [] })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })

  test.each([
    ['a set in memory', {}],
    ['a set in memory and a schedule', { scheduleBuildObjects: () => undefined }],
    ['a durable set and no schedule', { idsSet: new DurableSet() }],
  ])('refuses an aggregator without onChange for which nobody can build: %s', (_, options) => {
    expect(() => new Capture({ source: new ScriptedSource(), aggregators: [aggregatorOf(options)] })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('onChange') }),
    )
  })

  test('takes an aggregator that leaves building to another process', async () => {
    const idsSet = new DurableSet()
    let scheduled = 0
    const { source } = running([
      aggregatorOf({
        idsSet,
        scheduleBuildObjects: () => {
          scheduled += 1
        },
      }),
    ])
    source.put('one', [retitled('1')])
    await soon(() => expect(source.acknowledged).toEqual(['one']))
    await soon(() => expect(scheduled).toBe(1))
    expect([...idsSet.ids]).toEqual(['1'])
  })
})

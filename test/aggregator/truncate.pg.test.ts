import {
  type Changes,
  EventAggregator,
  type EventAggregatorOptions,
  InMemorySet,
  type RootSchema,
  type WALEvent,
} from 'pg-capture'
import { describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { bookSchema, firstBook, library, retitled, secondBook, thirdBook } from './library.ts'
import { NotingClient } from './noting-client.ts'

const database = testDatabase({
  setup: `${library}; create table wide (id int primary key, n text); insert into wide select n, n from generate_series(-10000, 15000) n`,
})

function capturing(options: Partial<EventAggregatorOptions> = {}) {
  const log: string[] = []
  const emitted: Changes[] = []
  const client = new NotingClient(database)
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client,
    onChange: (changes) => {
      emitted.push(changes)
      log.push(`changed ${[...changes.upsert.map(({ id }) => id), ...changes.delete].sort().join()}`)
    },
    ...options,
  })
  return { aggregator, client, emitted, log }
}

const truncated = (table: string): WALEvent => ({ action: 'TRUNCATE', table })

describe('a TRUNCATE of a joined table', () => {
  test('rebuilds every object that may have had its rows', async () => {
    const { aggregator, emitted } = capturing()
    await aggregator.handleEvent(truncated('review'))
    expect(emitted.flatMap(({ upsert }) => upsert)).toEqual([firstBook, secondBook, thirdBook])
  })

  test('rebuilds each object once, also where they are many', async () => {
    const { aggregator, emitted } = capturing({
      schema: {
        table: 'wide',
        primaryKey: 'id',
        schema: {
          type: 'many-to-one',
          column: 'n',
          referencesTable: 'author',
          referencesColumn: 'id',
          hasFKConstraint: false,
          schema: { type: 'column', column: 'name' },
        },
      },
    })
    await aggregator.handleEvent(truncated('author'))
    const ids = emitted.flatMap(({ upsert }) => upsert.map(({ id }) => id))
    expect(ids).toHaveLength(25_001)
    expect(new Set(ids).size).toBe(25_001)
  })

  test('keeps its place among the other events of a batch', async () => {
    const { aggregator, log } = capturing()
    await aggregator.handleEvents([retitled('77'), truncated('review'), retitled('88')])
    expect(log).toEqual(['changed 1,2,3,77,88'])
  })
})

describe('a TRUNCATE of the root table', () => {
  test('calls onTruncate, and then builds what is there, since the event may come late or twice', async () => {
    let truncations = 0
    const { aggregator, emitted } = capturing({
      onTruncate: async () => {
        await new Promise((resolve) => setTimeout(resolve, 2))
        truncations += 1
      },
    })
    await aggregator.handleEvent(truncated('book'))
    expect(truncations).toBe(1)
    expect(emitted.flatMap(({ upsert }) => upsert)).toEqual([firstBook, secondBook, thirdBook])
  })

  test('gives a version that is greater than what was read before it, and not than what is read after it', async () => {
    const versions: bigint[] = []
    const { aggregator, emitted } = capturing({ onTruncate: ({ version }) => versions.push(version) })
    await aggregator.handleEvent(retitled('1'))
    // The transaction that a TRUNCATE is, as far as versions see it.
    await database.query('select pg_current_xact_id()')
    await aggregator.handleEvent(truncated('book'))
    const [before, after] = emitted.map(({ version }) => version)
    expect([versions.length, before! < versions[0]!, after! >= versions[0]!]).toEqual([1, true, true])
  })

  test('calls onTruncate between builds, never during one', async () => {
    const log: string[] = []
    const { aggregator } = capturing({
      onChange: async () => {
        log.push('building')
        await new Promise((resolve) => setTimeout(resolve, 10))
        log.push('built')
      },
      onTruncate: async () => {
        log.push('truncating')
        await new Promise((resolve) => setTimeout(resolve, 10))
        log.push('truncated')
      },
    })
    const handled = [aggregator.handleEvent(retitled('1'))]
    await new Promise((resolve) => setTimeout(resolve, 5))
    handled.push(aggregator.handleEvent(truncated('book')), aggregator.handleEvent(retitled('2')))
    await Promise.all(handled)
    const pairs = log.join().split(',')
    for (let index = 0; index < pairs.length; index += 2) {
      expect(['building,built', 'truncating,truncated']).toContain(`${pairs[index]},${pairs[index + 1]}`)
    }
    expect(log).toContain('truncated')
  })

  test('lets no builder that read before it have the last word', async () => {
    await database.query(
      'create table leaflet (id int primary key, title text); insert into leaflet values (1, $$before$$)',
    )
    const schema: RootSchema = {
      table: 'leaflet',
      primaryKey: 'id',
      schema: { type: 'column', column: 'title' },
    }
    const idsSet = new InMemorySet()
    const log: string[] = []
    const note = ({ upsert, delete: deleted }: Changes): void => {
      log.push(
        ...upsert.map(({ object }) => `upsert ${String(object)}`),
        ...deleted.map((id) => `delete ${id}`),
      )
    }
    const slow = new NotingClient(database)
    const other = new EventAggregator({
      schema,
      client: slow,
      idsSet,
      onChange: note,
      unpositionedEvents: { delayMs: 0 },
    })
    const aggregator = new EventAggregator({
      schema,
      client: database,
      idsSet,
      onChange: note,
      onTruncate: () => log.push('truncated'),
    })
    let resume = (): void => undefined
    const paused = new Promise<void>((read) => {
      slow.after = () =>
        new Promise<void>((resolve) => {
          resume = resolve
          read()
        })
    })
    const building = other.handleEvent({ action: 'INSERT', table: 'leaflet', data: { id: 1 } })
    await paused
    await database.query('truncate leaflet')
    await aggregator.handleEvent(truncated('leaflet'))
    slow.after = () => undefined
    resume()
    await building
    expect(log).toEqual(['truncated', 'upsert before', 'delete 1'])
  })

  test('without an onTruncate is refused, and says what to give', async () => {
    const { aggregator, emitted } = capturing()
    await expect(aggregator.handleEvent(truncated('book'))).rejects.toMatchObject({
      code: 'TRUNCATE_UNHANDLED',
      message: expect.stringContaining('onTruncate'),
    })
    expect(emitted).toEqual([])
  })

  test('rejects with what onTruncate throws', async () => {
    const failure = new Error('the sink is down')
    const { aggregator } = capturing({ onTruncate: () => Promise.reject(failure) })
    await expect(aggregator.handleEvent(truncated('book'))).rejects.toBe(failure)
  })

  test('builds the rows that were inserted after it', async () => {
    const log: string[] = []
    const { aggregator, emitted } = capturing({ onTruncate: () => log.push('truncated') })
    await aggregator.handleEvents([
      truncated('book'),
      { action: 'INSERT', table: 'book', data: { id: 1, title: 'One', authorId: 'alice' } },
    ])
    expect(log).toEqual(['truncated'])
    expect(emitted.flatMap(({ upsert }) => upsert)).toContainEqual(firstBook)
  })
})

import { type Changes, EventAggregator, type IdsSet, type RootSchema } from 'pg-capture'
import { describe, expect, test } from 'vitest'
import { PostgresSet, postgresSetMigration } from 'pg-capture/stores/postgres-set'
import { testDatabase } from '../support/postgres.ts'
import { bookSchema, firstBook, library, retitled, secondBook } from './library.ts'
import { PlainSet } from './plain-set.ts'

const database = testDatabase({
  setup: `${library}; create table note (id text primary key, body text); ${postgresSetMigration()}`,
})

function capturing(idsSet: IdsSet, schema: RootSchema = bookSchema) {
  const emitted: Changes[] = []
  const aggregator = new EventAggregator({
    schema,
    client: database,
    idsSet,
    scheduleBuildObjects: () => undefined,
    onChange: (changes) => emitted.push(changes),
  })
  return { aggregator, emitted }
}

/** What the set got, and gives back. */
interface Oddity {
  readonly name: string
  readonly make: () => IdsSet
}

class NumberSet implements IdsSet {
  readonly #ids = new Set<number>()
  add(ids: string[]) {
    ids.forEach((id) => this.#ids.add(Number(id)))
  }
  delete(ids: unknown[]) {
    ids.forEach((id) => this.#ids.delete(id as number))
  }
  getAll() {
    return [[...this.#ids]]
  }
}

class BatchedSet extends PlainSet {
  override async *getAll() {
    yield []
    for (const id of this.ids) {
      yield [id]
      yield []
    }
  }
}

class RepeatingSet extends PlainSet {
  override async *getAll() {
    yield [...this.ids, ...this.ids]
    yield [...this.ids]
  }
}

let postgresSets = 0

function postgresSet(): PostgresSet {
  postgresSets += 1
  return new PostgresSet({ client: database.pool(), set: `set ${postgresSets}` })
}

const odd: readonly Oddity[] = [
  { name: 'three async methods', make: () => new PlainSet() },
  { name: 'numbers for ids, and all in sync', make: () => new NumberSet() },
  { name: 'batches of one and empty ones', make: () => new BatchedSet() },
  { name: 'each id several times', make: () => new RepeatingSet() },
  { name: 'a table of Postgres', make: postgresSet },
]

describe.each(odd)('a set with $name', ({ make }) => {
  test('gets each changed object built once, and is empty afterwards', async () => {
    const idsSet = make()
    const { aggregator, emitted } = capturing(idsSet)
    await aggregator.handleEvents(['1', '2', '99'].map(retitled))
    await aggregator.buildObjects()
    await aggregator.buildObjects()
    expect(emitted).toHaveLength(1)
    expect([...emitted[0]!.upsert].sort((left, right) => Number(left.id) - Number(right.id))).toEqual([
      firstBook,
      secondBook,
    ])
    expect(emitted[0]!.delete).toEqual(['99'])
    const left: unknown[] = []
    for await (const ids of idsSet.getAll()) left.push(...ids)
    expect(left).toEqual([])
  })
})

test('a set gets its ids as text, whatever type they came in', async () => {
  const idsSet = new PlainSet()
  const { aggregator } = capturing(idsSet)
  const insert = (id: unknown) => ({ action: 'INSERT' as const, table: 'book', data: { id } })
  await aggregator.handleEvents([insert(1), insert('2'), insert(3n)])
  await aggregator.handleEvent({
    action: 'UPDATE',
    table: 'author',
    data: { id: 'bob', name: 'b' },
    dataOld: { id: 'bob' },
  })
  expect(idsSet.calls).toEqual(['add 1,2,3', 'add 3'])
  expect([...idsSet.ids].map((id) => typeof id)).toEqual(['string', 'string', 'string'])
})

test('a set is never asked to add or to delete nothing', async () => {
  const idsSet = new PlainSet()
  const { aggregator } = capturing(idsSet)
  await aggregator.handleEvent({ action: 'INSERT', table: 'author', data: { id: 'x', name: 'x' } })
  await aggregator.handleEvent({
    action: 'INSERT',
    table: 'review',
    data: { id: 1, bookId: null, rating: 1 },
  })
  await aggregator.handleEvent({
    action: 'UPDATE',
    table: 'author',
    data: { id: 'x', name: 'b' },
    dataOld: { id: 'x' },
  })
  await aggregator.buildObjects()
  expect(idsSet.calls).toEqual([])
})

test('an id stays in the set until its object has been emitted', async () => {
  const idsSet = new PlainSet()
  const held: unknown[] = []
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client: database,
    idsSet,
    onChange: () => held.push(...idsSet.ids),
  })
  await aggregator.handleEvent(retitled('1'))
  expect(held).toEqual(['1'])
  expect(idsSet.calls).toEqual(['add 1', 'delete 1'])
})

describe('an error of the set', () => {
  test.each(['add', 'delete', 'getAll'] as const)(
    'in %s reaches whoever handles the event',
    async (method) => {
      const failure = new Error('the set is down')
      const idsSet = new PlainSet()
      idsSet[method] = () => {
        throw failure
      }
      const aggregator = new EventAggregator({
        schema: bookSchema,
        client: database,
        idsSet,
        onChange: () => undefined,
      })
      await expect(aggregator.handleEvent(retitled('1'))).rejects.toBe(failure)
    },
  )

  test('in delete lets the object be emitted again, and loses nothing', async () => {
    const idsSet = new PlainSet()
    const working = idsSet.delete.bind(idsSet)
    const { aggregator, emitted } = capturing(idsSet)
    await aggregator.handleEvent(retitled('1'))
    idsSet.delete = () => Promise.reject(new Error('the set is down'))
    await expect(aggregator.buildObjects()).rejects.toThrow('the set is down')
    idsSet.delete = working
    await aggregator.buildObjects()
    expect(emitted.map(({ upsert }) => upsert)).toEqual([[firstBook], [firstBook]])
    expect(idsSet.ids.size).toBe(0)
  })
})

describe.each([
  ['a set with three methods', () => new PlainSet()],
  ['a PostgresSet', postgresSet],
])('unusual ids in %s', (_set, makeSet) => {
  const notes: RootSchema = { table: 'note', primaryKey: 'id', schema: { type: 'column', column: 'body' } }

  test.each([
    ['empty', ''],
    ['long', 'x'.repeat(2000)],
    ['with all that JSON, arrays and SQL quote', `{"'\\,NULL} 📚 \n`],
  ])('an id that is %s is built and deleted like any other', async (_, id) => {
    const { aggregator, emitted } = capturing(makeSet(), notes)
    await database.query(`insert into note values ($1, 'here')`, [id])
    await aggregator.handleEvent({ action: 'INSERT', table: 'note', data: { id } })
    await aggregator.buildObjects()
    await database.query('delete from note where id = $1', [id])
    await aggregator.handleEvent({ action: 'DELETE', table: 'note', dataOld: { id } })
    await aggregator.buildObjects()
    expect(emitted.map(({ upsert }) => upsert)).toEqual([[{ id, object: 'here' }], []])
    expect(emitted.map((changes) => changes.delete)).toEqual([[], [id]])
  })

  test('an id that is huge is deleted like any other', async () => {
    const { aggregator, emitted } = capturing(makeSet(), notes)
    const id = 'x'.repeat(1_000_000)
    await aggregator.handleEvent({ action: 'DELETE', table: 'note', dataOld: { id } })
    await aggregator.buildObjects()
    expect(emitted.map((changes) => changes.delete)).toEqual([[id]])
  })
})

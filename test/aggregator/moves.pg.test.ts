import { type Changes, EventAggregator, type RootSchema, type Schema, type WALEvent } from 'pg-capture'
import { beforeEach, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'

// Writes and the events that a source with REPLICA IDENTITY FULL makes of them, one after the other: after each, the objects
// that were emitted have to be those that changed. Order and concurrency are the oracle's matter.

const database = testDatabase({
  setup: `
    create table shop (id int primary key, name text);
    create table shelf (id int primary key, "shopId" int, code text);
    create table copy (id int primary key, "shelfCode" text, "bookId" int);
    create table book (id int primary key, title text)`,
})

beforeEach(async () => {
  await database.query(`
    truncate shop, shelf, copy, book;
    insert into shop values (1, 'One'), (2, 'Two'), (3, 'Three');
    insert into shelf values (10, 1, 'A'), (20, 2, 'B');
    insert into copy values (100, 'A', 1000), (200, 'B', 2000), (201, 'B', null);
    insert into book values (1000, 'Emma'), (2000, 'Persuasion')`)
})

const column = (of: string): Schema => ({ type: 'column', column: of })

const schemaWith = (hasFKConstraint: boolean): RootSchema => ({
  table: 'shop',
  primaryKey: 'id',
  schema: {
    type: 'one-to-many',
    column: 'id',
    referencingTable: 'shelf',
    referencingColumn: 'shopId',
    schema: {
      type: 'one-to-many',
      column: 'code',
      referencingTable: 'copy',
      referencingColumn: 'shelfCode',
      schema: {
        type: 'many-to-one',
        column: 'bookId',
        referencesTable: 'book',
        referencesColumn: 'id',
        hasFKConstraint,
        schema: column('title'),
      },
    },
  },
})

type Row = Record<string, unknown>

/** Makes one UPDATE, INSERT or DELETE of a table whose key is `id`, and the event of it. */
async function write(table: string, id: number | null, change: Row | null): Promise<WALEvent> {
  const [dataOld] = await database.rows<Row>(`select * from ${table} where id = $1`, [id])
  const values = change && Object.values(change)
  const names = change && Object.keys(change).map((name) => `"${name}"`)
  if (names === null || values === null) {
    await database.query(`delete from ${table} where id = $1`, [id])
    return { action: 'DELETE', table, dataOld: dataOld! }
  }
  const places = names.map((_, index) => `$${index + 1}`)
  if (dataOld === undefined) {
    const sql = `insert into ${table} (${names.join()}) values (${places.join()}) returning *`
    const [data] = await database.rows<Row>(sql, values)
    return { action: 'INSERT', table, data: data! }
  }
  const sets = names.map((name, index) => `${name} = ${places[index]}`)
  const sql = `update ${table} set ${sets.join()} where id = $${names.length + 1} returning *`
  const [data] = await database.rows<Row>(sql, [...values, id])
  return { action: 'UPDATE', table, data: data!, dataOld }
}

async function emittedFor(
  events: readonly WALEvent[],
  hasFKConstraint = false,
): Promise<Record<string, unknown>> {
  const emitted: Changes[] = []
  const aggregator = new EventAggregator({
    schema: schemaWith(hasFKConstraint),
    client: database,
    onChange: (changes) => emitted.push(changes),
  })
  await aggregator.handleEvents(events)
  expect(emitted.length).toBeLessThanOrEqual(1)
  return Object.fromEntries([
    ...emitted.flatMap(({ upsert }) => upsert.map(({ id, object }) => [id, object])),
    ...emitted.flatMap((changes) => changes.delete.map((id) => [id, 'deleted'])),
  ]) as Record<string, unknown>
}

describe('a change of', () => {
  test('the key of a root deletes the old object and makes the new one', async () => {
    expect(await emittedFor([await write('shop', 1, { id: 4 })])).toEqual({ 1: 'deleted', 4: [] })
  })

  test('a link in the middle changes the object it leaves and the one it joins', async () => {
    expect(await emittedFor([await write('shelf', 10, { shopId: 3 })])).toEqual({ 1: [], 3: ['Emma'] })
  })

  test('a link in the middle to nothing changes the object it leaves', async () => {
    expect(await emittedFor([await write('shelf', 10, { shopId: null })])).toEqual({ 1: [] })
  })

  test('a link in the middle from nothing changes the object it joins', async () => {
    await write('shelf', 10, { shopId: null })
    expect(await emittedFor([await write('shelf', 10, { shopId: 3 })])).toEqual({ 3: ['Emma'] })
  })

  test('a key in the middle changes the object above', async () => {
    expect(await emittedFor([await write('shelf', 10, { code: 'C' })])).toEqual({ 1: [] })
  })

  test('a link of a leaf changes the objects of both', async () => {
    expect(await emittedFor([await write('copy', 100, { shelfCode: 'B' })])).toEqual({
      1: [],
      2: ['Emma', 'Persuasion'],
    })
  })

  test('a link to a leaf changes the object above', async () => {
    expect(await emittedFor([await write('copy', 201, { bookId: 1000 })])).toEqual({
      2: ['Emma', 'Persuasion'],
    })
  })

  test('the key of a leaf changes the objects of both keys', async () => {
    expect(await emittedFor([await write('book', 1000, { id: 3000 })])).toEqual({ 1: [] })
    expect(await emittedFor([await write('book', 3000, { id: 1000 })])).toEqual({ 1: ['Emma'] })
  })

  test('a value of a leaf changes the objects that show it', async () => {
    expect(await emittedFor([await write('book', 2000, { title: 'Later' })])).toEqual({ 2: ['Later'] })
  })

  test('all links at once, in one transaction, changes every object that had or has the rows', async () => {
    const events = [
      await write('shelf', 10, { shopId: 3, code: 'Z' }),
      await write('copy', 100, { shelfCode: 'Z', bookId: 2000 }),
      await write('book', 2000, { title: 'Later' }),
      await write('shop', 2, { id: 5 }),
    ]
    expect(await emittedFor(events)).toEqual({ 1: [], 2: 'deleted', 3: ['Later'], 5: [] })
  })
})

describe('a row that comes or goes', () => {
  test('as a root is an upsert or a delete', async () => {
    expect(await emittedFor([await write('shop', null, { id: 9, name: 'Nine' })])).toEqual({ 9: [] })
    expect(await emittedFor([await write('shop', 9, null)])).toEqual({ 9: 'deleted' })
  })

  test('in the middle changes the object above', async () => {
    expect(await emittedFor([await write('shelf', 10, null)])).toEqual({ 1: [] })
    expect(await emittedFor([await write('shelf', null, { id: 11, shopId: 3, code: 'A' })])).toEqual({
      3: ['Emma'],
    })
  })

  test('as a leaf without a foreign key changes the objects that point to it', async () => {
    expect(await emittedFor([await write('book', 1000, null)])).toEqual({ 1: [] })
    expect(await emittedFor([await write('book', null, { id: 1000, title: 'Back' })])).toEqual({
      1: ['Back'],
    })
  })

  test('as a leaf behind a foreign key changes nothing by itself', async () => {
    expect(await emittedFor([await write('book', null, { id: 1, title: 'New' })], true)).toEqual({})
  })

  test('twice, deleted and inserted again in one transaction, is an update also behind a foreign key', async () => {
    const events = [await write('book', 1000, null), await write('book', null, { id: 1000, title: 'Again' })]
    expect(await emittedFor(events, true)).toEqual({ 1: ['Again'] })
    expect(
      await emittedFor(
        events.map((event) => ({ ...event, xid: '3' })),
        true,
      ),
    ).toEqual({ 1: ['Again'] })
  })
})

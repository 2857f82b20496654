import {
  buildSchemaQuery,
  type Changes,
  EventAggregator,
  getRootIdsFromEvent,
  InMemorySet,
  ObjectsParkedError,
  type RootSchema,
  type Schema,
  type WALEvent,
} from 'pg-capture'
import { beforeEach, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'

const database = testDatabase({
  setup: `
    create table product (shop int, code text, name text, primary key (shop, code));
    create table line (
      "orderId" int, place text, amount int, "productShop" int, "productCode" text, primary key ("orderId", place)
    );
    create table note (id int primary key, "lineOrder" int, "linePlace" text, body text)`,
})

beforeEach(async () => {
  await database.query(`
    truncate product, line, note;
    insert into product values (1, 'x', 'One'), (1, 'y', 'Two'), (2, 'x', 'Three');
    insert into line values (7, 'a', 5, 1, 'x'), (7, 'b', 6, 1, null), (8, 'a', 7, 2, 'x'), (9, '"', 8, null, 'x');
    insert into note values (1, 7, 'a', 'm'), (2, 7, 'a', 'n'), (3, 8, 'a', 'o'), (4, 8, null, 'p'), (5, null, 'a', 'q')`)
})

const column = (name: string): Schema => ({ type: 'column', column: name })

const notes: Schema = {
  type: 'one-to-many',
  column: ['place', 'orderId'],
  referencingTable: 'note',
  referencingColumn: ['linePlace', 'lineOrder'],
  schema: column('body'),
}

const product = (hasFKConstraint: boolean): Schema => ({
  type: 'many-to-one',
  column: ['productShop', 'productCode'],
  referencesTable: 'product',
  referencesColumn: ['shop', 'code'],
  hasFKConstraint,
  schema: column('name'),
})

const lines: RootSchema = {
  table: 'line',
  primaryKey: ['orderId', 'place'],
  schema: {
    type: 'object',
    properties: {
      product: product(false),
      notes,
      count: {
        type: 'aggregate',
        function: 'count',
        column: ['orderId', 'place'],
        referencingTable: 'note',
        referencingColumn: ['lineOrder', 'linePlace'],
      },
    },
  },
}

/** The notes are two composite links away from the root. */
const products: RootSchema = {
  table: 'product',
  primaryKey: ['code', 'shop'],
  schema: {
    type: 'one-to-many',
    column: ['shop', 'code'],
    referencingTable: 'line',
    referencingColumn: ['productShop', 'productCode'],
    schema: notes,
  },
}

type LineId = { orderId: string; place: string }
type Row = Record<string, unknown>

const all = {
  '7 a': { product: 'One', notes: ['m', 'n'], count: 2 },
  '7 b': { product: null, notes: [], count: 0 },
  '8 a': { product: 'Three', notes: ['o'], count: 1 },
  '9 "': { product: null, notes: [], count: 0 },
}

function capturing(schema: RootSchema = lines) {
  const emitted: Changes<unknown, Row>[] = []
  const aggregator = new EventAggregator<unknown, Row>({
    schema,
    client: database,
    onChange: (changes) => void emitted.push(changes),
    onTruncate: () => undefined,
  })
  return { aggregator, emitted }
}

const byId = (changes: readonly Changes<unknown, Row>[]): Row =>
  Object.fromEntries(
    changes.flatMap(({ upsert }) => upsert.map(({ id, object }) => [Object.values(id).join(' '), object])),
  )

/** Makes one change of the row that the condition names, and its event. */
async function write(table: string, where: string, change: Row | null): Promise<WALEvent> {
  const [dataOld] = await database.rows<Row>(`select * from ${table} where ${where}`)
  if (change === null) {
    await database.query(`delete from ${table} where ${where}`)
    return { table, action: 'DELETE', dataOld: dataOld as Row }
  }
  const names = Object.keys(change).map((name) => `"${name}"`)
  const values = Object.values(change)
  const numbers = values.map((_, index) => `$${index + 1}`)
  const [data] = await database.rows<Row>(
    dataOld === undefined
      ? `insert into ${table} (${names.join()}) values (${numbers.join()}) returning *`
      : `update ${table} set ${names.map((name, index) => `${name} = ${numbers[index]}`).join()} where ${where} returning *`,
    values,
  )
  if (data === undefined) throw new Error('Nothing was written.')
  return dataOld === undefined
    ? { table, action: 'INSERT', data }
    : { table, action: 'UPDATE', data, dataOld }
}

async function changedBy(schema: RootSchema, event: WALEvent): Promise<{ upsert: Row; delete: Row[] }> {
  const { aggregator, emitted } = capturing(schema)
  await aggregator.handleEvent(event)
  return { upsert: byId(emitted), delete: emitted.flatMap((changes) => changes.delete) }
}

describe('an event', () => {
  test.each<[string, string, string, Row | null, { upsert: Row; delete?: LineId[] }]>([
    [
      'of the root',
      'line',
      `"orderId" = 7 and place = 'a'`,
      { productCode: 'y' },
      { upsert: { '7 a': { ...all['7 a'], product: 'Two' } } },
    ],
    [
      'of the root, deleted',
      'line',
      `place = '"'`,
      null,
      { upsert: {}, delete: [{ orderId: '9', place: '"' }] },
    ],
    [
      'that changes one part of the id',
      'line',
      `"orderId" = 8`,
      { place: 'c' },
      {
        upsert: { '8 c': { product: 'Three', notes: [], count: 0 } },
        delete: [{ orderId: '8', place: 'a' }],
      },
    ],
    [
      'that changes one part of a link from above',
      'line',
      `place = 'b'`,
      { productCode: 'y' },
      { upsert: { '7 b': { ...all['7 b'], product: 'Two' } } },
    ],
    [
      'that makes one part of a link NULL',
      'line',
      `"orderId" = 8`,
      { productShop: null },
      { upsert: { '8 a': { ...all['8 a'], product: null } } },
    ],
    [
      'that changes one part of what is pointed to',
      'product',
      `shop = 2`,
      { shop: 3 },
      { upsert: { '8 a': { ...all['8 a'], product: null } } },
    ],
    [
      'of what is pointed to, gone',
      'product',
      `name = 'One'`,
      null,
      { upsert: { '7 a': { ...all['7 a'], product: null } } },
    ],
    [
      'that changes one part of a link from below',
      'note',
      'id = 2',
      { lineOrder: 8 },
      {
        upsert: {
          '7 a': { ...all['7 a'], notes: ['m'], count: 1 },
          '8 a': { ...all['8 a'], notes: ['n', 'o'], count: 2 },
        },
      },
    ],
    [
      'that makes one part of a link from below NULL',
      'note',
      'id = 3',
      { linePlace: null },
      { upsert: { '8 a': { ...all['8 a'], notes: [], count: 0 } } },
    ],
    [
      'that makes a link whole',
      'note',
      'id = 4',
      { linePlace: 'a' },
      { upsert: { '8 a': { ...all['8 a'], notes: ['o', 'p'], count: 2 } } },
    ],
    ['of a row that points nowhere', 'note', 'id = 5', { body: 'r' }, { upsert: {} }],
    [
      'that comes with a new row',
      'note',
      'id = 6',
      { id: 6, lineOrder: 7, linePlace: 'b', body: 'r' },
      { upsert: { '7 b': { ...all['7 b'], notes: ['r'], count: 1 } } },
    ],
  ])('%s', async (_, table, where, change, expected) => {
    const event = await write(table, where, change)
    expect(await changedBy(lines, event)).toEqual({ delete: [], ...expected })
  })

  test('two composite links away', async () => {
    const event = await write('note', 'id = 2', { lineOrder: 8 })
    expect(await changedBy(products, event)).toEqual({
      upsert: { 'x 1': ['m'], 'x 2': ['n', 'o'] },
      delete: [],
    })
  })

  test('that comes with other objects, in one look-up', async () => {
    const { aggregator, emitted } = capturing(products)
    await aggregator.handleEvents([
      await write('note', 'id = 1', { body: 's' }),
      await write('note', 'id = 3', null),
      await write('line', `place = 'b'`, { productCode: 'y' }),
    ])
    expect(byId(emitted)).toEqual({ 'x 1': ['n', 's'], 'x 2': [], 'y 1': [] })
  })

  test('of a row behind a promised foreign key needs no look-up', () => {
    const event: WALEvent = { action: 'DELETE', table: 'product', dataOld: { shop: 1, code: 'x' } }
    expect(getRootIdsFromEvent({ ...lines, schema: product(true) }, event)).toEqual({ ids: [], query: null })
  })

  test('TRUNCATE of a joined table, or of the root, builds all that there are', async () => {
    for (const table of ['note', 'line']) {
      const { upsert } = await changedBy(lines, { action: 'TRUNCATE', table })
      expect(upsert).toEqual(all)
    }
  })
})

describe('an id of several columns', () => {
  test('is an object from getRootIdsFromEvent, and from the rows of its query', async () => {
    const row = { orderId: 7, place: 'a' }
    const root = getRootIdsFromEvent<LineId>(lines, { action: 'INSERT', table: 'line', data: row })
    expect(root).toEqual({ ids: [{ orderId: '7', place: 'a' }], query: null })
    const data = { shop: 1, code: 'x', name: 'New' }
    const { ids, query } = getRootIdsFromEvent(lines, { action: 'INSERT', table: 'product', data })
    expect(ids).toEqual([])
    expect(await query?.run(database)).toEqual([{ id: { orderId: '7', place: 'a' } }])
  })

  test('is found once by two paths that need a look-up each', async () => {
    const twice = {
      type: 'object',
      properties: { a: product(false), b: { ...product(false), where: { name: { not: null } } } },
    } as const
    const other = { ...product(false), column: ['amount', 'productCode'] } as Schema
    const schema: RootSchema = { ...lines, schema: { type: 'object', properties: { twice, other } } }
    const data = { shop: 1, code: 'x', name: 'New' }
    const { query } = getRootIdsFromEvent(schema, { action: 'INSERT', table: 'product', data })
    expect(await query?.run(database)).toEqual([{ id: { orderId: '7', place: 'a' } }])
  })

  test.each([
    ['the object', { orderId: '7', place: 'a' }],
    ['the object in another order, of other values', { place: 'a', orderId: 7 }],
    ['the row', { place: 'a', orderId: 7n, amount: 5 }],
    ['the text of a set', '["7","a"]'],
  ])('is taken by buildSchemaQuery as %s', async (_, id) => {
    expect(await buildSchemaQuery(lines, [id]).run(database)).toEqual([
      { id: { orderId: '7', place: 'a' }, object: all['7 a'] },
    ])
  })

  test.each([['7'], [7], [null], [{ orderId: 7 }], [{ orderId: 7, place: null }], ['["7"]'], [['7', 'a']]])(
    'is not %j',
    (id) => {
      expect(() => buildSchemaQuery(lines, [id])).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    },
  )

  test('is a text in a set', async () => {
    const idsSet = new InMemorySet()
    const aggregator = new EventAggregator({
      schema: lines,
      client: database,
      idsSet,
      scheduleBuildObjects: () => undefined,
    })
    await aggregator.handleEvent({ action: 'INSERT', table: 'line', data: { orderId: 7, place: 'ä"' } })
    const ids: string[] = []
    for await (const batch of idsSet.getAll()) ids.push(...batch)
    expect(ids).toEqual([JSON.stringify(['7', 'ä"'])])
  })

  test('is an object where it is parked, and to try it again', async () => {
    let isDown = true
    const taken: unknown[] = []
    const aggregator = new EventAggregator<unknown, Row>({
      schema: lines,
      client: database,
      parkAfter: 1,
      onChange: ({ upsert }) => {
        if (isDown && upsert.some(({ id }) => id['place'] === '"')) throw new Error('refused')
        taken.push(...upsert.map(({ id }) => id))
      },
    })
    const id = { orderId: '9', place: '"' }
    const event = (data: Row): WALEvent => ({ action: 'INSERT', table: 'line', data })
    let parked: unknown
    for (let tries = 0; tries < 5 && parked === undefined; tries += 1) {
      await aggregator
        .handleEvents([event(id), event({ orderId: '7', place: 'a' })])
        .catch((error: unknown) => {
          if (error instanceof ObjectsParkedError) parked = error.ids
        })
    }
    expect(parked).toEqual([id])
    for await (const batch of aggregator.parked.list()) expect(batch).toMatchObject([{ id }])
    isDown = false
    await aggregator.parked.drop([{ orderId: 7, place: 'a' }])
    await aggregator.parked.retry([{ place: '"', orderId: 9 }])
    expect(taken.at(-1)).toEqual(id)
  })
})

test('a list of one column is that column', async () => {
  const single: RootSchema = {
    table: 'note',
    primaryKey: ['id'],
    schema: { ...product(false), column: ['body'], referencesColumn: ['name'] } as Schema,
  }
  const event: WALEvent = { action: 'INSERT', table: 'note', data: { id: 1 } }
  expect(getRootIdsFromEvent(single, event).ids).toEqual(['1'])
  expect(await buildSchemaQuery(single, ['1']).run(database)).toEqual([{ id: '1', object: null }])
})

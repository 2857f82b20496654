import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import type {
  AggregateFunction,
  AggregateSchema,
  OneToManySchema,
  RootSchema,
  Schema,
} from '../schema/schema.ts'
import { readObjects } from './read-objects.ts'

const database = testDatabase({
  setup: `
    create table book (id int primary key);
    create table sale (
      id int primary key, "bookId" int, "shopId" int, amount int, big bigint, price numeric, weight float8, note text, code uuid,
      paid boolean, day date, took interval
    );
    create table shop (id int primary key, name text);
    create table discount (id int primary key, "saleId" int, percent int);
    insert into book values (1), (2), (3);
    insert into shop values (1, 'A'), (2, null);
    insert into sale values
      (10, 1, 1, 2, 9007199254740993, 0.10, 0.1, 'b', 'b0000000-0000-4000-8000-00000000000a', true, '2026-01-02', '1 day'),
      (11, 1, 2, 3, 9007199254740993, 0.2, 1e16, 'a', 'a0000000-0000-4000-8000-00000000000a', false, '2026-01-01', '2 days'),
      (12, 1, 9, null, null, 12345678901234567890.12, -1e16, null, null, null, null, null),
      (13, 2, 1, null, null, null, null, null, null, null, null, null);
    insert into discount values (1, 10, 5), (2, 10, 10), (3, 11, 20)`,
})

const column = (name: string): Schema => ({ type: 'column', column: name })

const sales = (name: AggregateFunction, schema?: Schema, more: Partial<AggregateSchema> = {}): Schema => ({
  type: 'aggregate',
  function: name,
  column: 'id',
  referencingTable: 'sale',
  referencingColumn: 'bookId',
  schema,
  ...more,
})

const discounts = (more: Partial<OneToManySchema> = {}): Schema => ({
  type: 'one-to-many',
  column: 'id',
  referencingTable: 'discount',
  referencingColumn: 'saleId',
  schema: column('percent'),
  ...more,
})

const shop = (schema: Schema): Schema => ({
  type: 'many-to-one',
  column: 'shopId',
  referencesTable: 'shop',
  referencesColumn: 'id',
  hasFKConstraint: false,
  schema,
})

/** Of the books 1, 2 and 3, as the JSON that Postgres gave. */
async function texts(schema: Schema): Promise<unknown[]> {
  const root: RootSchema = { table: 'book', primaryKey: 'id', schema }
  const seen: unknown[] = []
  await readObjects(root, ['1', '2', '3'], {
    query: async (text, values) => {
      const result = await database.query<{ asked: string; object: string }>(text, values)
      const rows = result.rows.toSorted((left, right) => Number(left.asked) - Number(right.asked))
      seen.push(...rows.map(({ object }) => object))
      return result
    },
  })
  return seen
}

describe('an aggregate', () => {
  test.each<[string, Schema, string[]]>([
    ['counts rows', sales('count'), ['3', '1', '0']],
    ['counts values', sales('count', column('amount')), ['2', '0', '0']],
    ['tells whether there are rows', sales('exists'), ['true', 'true', 'false']],
    ['tells whether there are values', sales('exists', column('note')), ['true', 'false', 'false']],
    ['adds integers', sales('sum', column('amount')), ['5', 'null', 'null']],
    ['adds bigints without rounding', sales('sum', column('big')), ['18014398509481986', 'null', 'null']],
    [
      'adds numerics without rounding',
      sales('sum', column('price')),
      ['12345678901234567890.42', 'null', 'null'],
    ],
    ['adds intervals', sales('sum', column('took')), ['"3 days"', 'null', 'null']],
    ['takes the mean', sales('avg', column('amount')), ['2.5000000000000000', 'null', 'null']],
    ['takes the least text', sales('min', column('note')), ['"a"', 'null', 'null']],
    ['takes the greatest text', sales('max', column('note')), ['"b"', 'null', 'null']],
    ['takes the last day', sales('max', column('day')), ['"2026-01-02"', 'null', 'null']],
    [
      'takes the least uuid',
      sales('min', column('code')),
      ['"a0000000-0000-4000-8000-00000000000a"', 'null', 'null'],
    ],
    ['takes the greatest boolean', sales('max', column('paid')), ['true', 'null', 'null']],
    [
      'takes the rows that count',
      sales('count', undefined, { where: { amount: { gt: 2 } } }),
      ['1', '0', '0'],
    ],
    ['takes values of rows beyond', sales('max', discounts()), ['20', 'null', 'null']],
    ['counts rows beyond', sales('count', discounts({ schema: column('id') })), ['3', '0', '0']],
    [
      'takes the first rows beyond',
      sales('sum', discounts({ orderBy: { column: 'percent' }, limit: 1 })),
      ['25', 'null', 'null'],
    ],
    ['takes values of rows pointed to', sales('count', shop(column('name'))), ['1', '1', '0']],
    [
      'takes aggregates',
      sales('max', { ...discounts(), type: 'aggregate', function: 'count' } as Schema),
      ['2', '0', 'null'],
    ],
  ])('%s', async (_, schema, expected) => {
    expect(await texts(schema)).toEqual(expected)
    const inObject: Schema = { type: 'object', properties: { of: schema } }
    expect(await texts(inObject)).toEqual(expected.map((text) => `{"of" : ${text}}`))
  })

  test('of floats is the same whatever the rows came in', async () => {
    const schema = sales('sum', column('weight'))
    const first = await texts(schema)
    await database.query(
      'create table copy as select * from sale; truncate sale; insert into sale select * from copy order by id desc',
    )
    expect(await texts(schema)).toEqual(first)
    await database.query(
      'truncate sale; insert into sale select * from copy order by weight; drop table copy',
    )
    expect(await texts(schema)).toEqual(first)
  })

  test('of equal values takes always the same one', async () => {
    await database.query(
      `update sale set price = 1.0 where id = 10; update sale set price = 1.00 where id = 11`,
    )
    const first = await texts(sales('min', column('price')))
    await database.query('update sale set price = price where id = 10')
    expect(await texts(sales('min', column('price')))).toEqual(first)
  })
})

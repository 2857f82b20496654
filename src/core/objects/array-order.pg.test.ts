import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import type { OneToManySchema, RootSchema, Schema } from '../schema/schema.ts'
import { readObjects } from './read-objects.ts'

const database = testDatabase({
  setup: `
    create table book (id int primary key);
    create table edition (id int, "bookId" int, year int, data json, "printerId" int);
    create table copy (id int, "editionId" int, shelf text, note jsonb);
    create table printer (id int primary key, name text);
    insert into book values (1);
    insert into printer values (1, 'Ink'), (2, 'Lead')`,
})

const column = (of: string): Schema => ({ type: 'column', column: of })

const many = (table: string, referencingColumn: string, schema: Schema): Schema => ({
  type: 'one-to-many',
  column: 'id',
  referencingTable: table,
  referencingColumn,
  schema,
})

const printer: Schema = {
  type: 'many-to-one',
  column: 'printerId',
  referencesTable: 'printer',
  referencesColumn: 'id',
  hasFKConstraint: true,
  schema: column('name'),
}

const object = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties })

const schemas: Readonly<Record<string, Schema>> = {
  'of one column': many('edition', 'bookId', column('year')),
  'of json, which has no order of its own': many('edition', 'bookId', column('data')),
  'of objects': many('edition', 'bookId', object({ year: column('year'), printer })),
  'of rows pointed to': many('edition', 'bookId', printer),
  'of arrays within objects': many(
    'edition',
    'bookId',
    object({
      year: column('year'),
      copies: many('copy', 'editionId', object({ shelf: column('shelf'), note: column('note') })),
    }),
  ),
  'that is flattened': many('edition', 'bookId', many('copy', 'editionId', column('note'))),
}

const editions = [
  `(1, 1, 2003, '{"b": 2}', 1)`,
  `(2, 1, 2001, '{"a": 1}', 2)`,
  `(3, 1, null, 'null', null)`,
  `(4, 1, 2001, null, 1)`,
  `(5, 1, 2002, '[]', 2)`,
  `(6, 1, 2001, '{"a": 1}', 2)`,
]
const copies = [
  `(1, 1, 'C', '[2]')`,
  `(2, 1, 'A', '{}')`,
  `(3, 2, 'B', '"x"')`,
  `(4, 2, null, 'null')`,
  `(5, 5, 'A', '3')`,
  `(6, 6, 'B', '"x"')`,
]

async function objectText(schema: Schema): Promise<string> {
  const root: RootSchema = { table: 'book', primaryKey: 'id', schema }
  return JSON.stringify((await readObjects(root, ['1'], database)).present)
}

async function fill(reversed: boolean): Promise<void> {
  const inOrder = (rows: readonly string[]): string => (reversed ? rows.toReversed() : rows).join(', ')
  await database.query('truncate edition, copy')
  await database.query(`insert into edition values ${inOrder(editions)}`)
  await database.query(`insert into copy values ${inOrder(copies)}`)
}

describe('equal data gives equal arrays, whatever the rows came in', () => {
  test.each(Object.entries(schemas))('%s', async (_, schema) => {
    await fill(false)
    const first = await objectText(schema)
    await fill(true)
    expect(await objectText(schema)).toBe(first)
    // An UPDATE moves its row to the end of the table.
    await database.query(
      'update edition set year = year where id in (1, 4); update copy set shelf = shelf where id = 1',
    )
    expect(await objectText(schema)).toBe(first)
  })

  test('whatever plan Postgres makes', async () => {
    await fill(false)
    const nested = schemas['of arrays within objects']!
    const first = await objectText(nested)
    await database.query(
      'create index on edition (year desc); create index on edition ("bookId", id desc); analyze',
    )
    await database.query('set enable_seqscan = off')
    expect(await objectText(nested)).toBe(first)
    await database.query('reset enable_seqscan')
  })
})

describe('orderBy', () => {
  const ordered = (orderBy: OneToManySchema['orderBy'], more: Partial<OneToManySchema> = {}): Schema =>
    ({ ...many('edition', 'bookId', column('id')), orderBy, ...more }) as Schema

  async function elements(schema: Schema): Promise<unknown> {
    const root: RootSchema = { table: 'book', primaryKey: 'id', schema }
    return (await readObjects(root, ['1'], database)).present[0]?.object
  }

  test.each<[string, OneToManySchema['orderBy'], number[]]>([
    ['a column', { column: 'id' }, [1, 2, 3, 4, 5, 6]],
    ['downwards', { column: 'id', direction: 'desc' }, [6, 5, 4, 3, 2, 1]],
    ['NULL last', [{ column: 'year' }, { column: 'id' }], [2, 4, 6, 5, 1, 3]],
    ['NULL first', [{ column: 'year', nulls: 'first' }, { column: 'id' }], [3, 2, 4, 6, 5, 1]],
    ['downwards, NULL first', [{ column: 'year', direction: 'desc' }, { column: 'id' }], [3, 1, 5, 2, 4, 6]],
    [
      'downwards, NULL last',
      [
        { column: 'year', direction: 'desc', nulls: 'last' },
        { column: 'id', direction: 'desc' },
      ],
      [1, 5, 6, 4, 2, 3],
    ],
  ])('%s', async (_, orderBy, ids) => {
    await fill(true)
    expect(await elements(ordered(orderBy))).toEqual(ids)
    expect(await elements(ordered(orderBy, { limit: 2 }))).toEqual(ids.slice(0, 2))
    expect(await elements(ordered(orderBy, { limit: 100 }))).toEqual(ids)
  })

  test('orders each array of a flattened one, the outer one first, and limits each', async () => {
    await fill(true)
    const shelves = (more: Partial<OneToManySchema>): Schema =>
      ({
        ...many('copy', 'editionId', column('id')),
        orderBy: { column: 'id', direction: 'desc' },
        ...more,
      }) as Schema
    const down: OneToManySchema['orderBy'] = { column: 'id', direction: 'desc' }
    expect(await elements(ordered(down, { schema: shelves({}) }))).toEqual([6, 5, 4, 3, 2, 1])
    expect(await elements(ordered({ column: 'id' }, { schema: shelves({}) }))).toEqual([2, 1, 4, 3, 5, 6])
    expect(await elements(ordered({ column: 'id' }, { schema: shelves({ limit: 1 }) }))).toEqual([2, 4, 5, 6])
    expect(await elements(ordered({ column: 'id' }, { limit: 2, schema: shelves({ limit: 1 }) }))).toEqual([
      2, 4,
    ])
    const halls = { ...shelves({ limit: 1 }), schema: column('shelf') } as Schema
    expect(await elements(ordered(down, { flatten: false, schema: halls }))).toEqual([
      ['B'],
      ['A'],
      [],
      [],
      [],
      ['A'],
    ])
  })

  test('takes the rows that count before it limits, and limits before it leaves NULL out', async () => {
    await fill(true)
    const years = { schema: column('year'), limit: 2 }
    expect(await elements(ordered({ column: 'id' }, { ...years, where: { id: { gte: 3 } } }))).toEqual([2001])
  })

  test('takes the same first rows among equal ones, whatever they came in', async () => {
    const schema = ordered({ column: 'year' }, { limit: 2, schema: column('data') })
    await fill(false)
    const first = await elements(schema)
    await fill(true)
    expect(await elements(schema)).toEqual(first)
  })
})

test('an array of positive integers is in their order', async () => {
  await fill(true)
  expect(await objectText(schemas['of one column']!)).toBe('[{"id":"1","object":[2001,2001,2001,2002,2003]}]')
})

import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import type { RootSchema, Schema } from '../schema/schema.ts'
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

test('an array of positive integers is in their order', async () => {
  await fill(true)
  expect(await objectText(schemas['of one column']!)).toBe('[{"id":"1","object":[2001,2001,2001,2002,2003]}]')
})

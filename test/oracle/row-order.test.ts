import type { OneToManySchema } from 'pg-capture'
import { expect, test } from 'vitest'
import { firstRows, restOfOrder } from './row-order.ts'
import type { ScriptTable } from './script.ts'
import type { TableRow } from './table-state.ts'

const table: ScriptTable = {
  schema: 'public',
  table: 'edition',
  create: [],
  columns: [
    { name: 'id', type: 'int' },
    { name: 'book', type: 'text' },
    { name: 'year', type: 'int' },
    { name: 'title', type: 'text' },
    { name: 'price', type: 'numeric' },
  ],
}

const array = (more: Partial<OneToManySchema>): OneToManySchema => ({
  type: 'one-to-many',
  column: 'id',
  referencingTable: 'edition',
  referencingColumn: 'book',
  schema: { type: 'column', column: 'title' },
  ...more,
})

const row = (values: Record<string, string | null>): TableRow =>
  new Map(Object.entries(values).map(([name, text]) => [name, { text, json: text, castText: text }]))

const texts = (schema: OneToManySchema, column: string, rows: readonly TableRow[]): unknown[] =>
  firstRows(schema, table, rows).map((one) => one.get(column)?.text)

test('rows are ordered by the bytes of the only column read, NULL last', () => {
  const rows = ['b', null, 'ä', 'a', 'B', 'ab'].map((title) => row({ title }))
  expect(texts(array({}), 'title', rows)).toEqual(['B', 'a', 'ab', 'b', 'ä', null])
  expect(texts(array({ limit: 2 }), 'title', rows)).toEqual(['B', 'a'])
})

test('negative integers come last', () => {
  const rows = ['-1', '2', '-3', '10', '0'].map((year) => row({ year }))
  const years = array({ schema: { type: 'column', column: 'year' } })
  expect(texts(years, 'year', rows)).toEqual(['0', '2', '10', '-3', '-1'])
})

test('the columns read order what is equal in orderBy', () => {
  const rows = [
    row({ year: '1', title: 'b' }),
    row({ year: '2', title: 'a' }),
    row({ year: '1', title: 'a' }),
  ]
  const ordered = array({ orderBy: { column: 'year', direction: 'desc' }, limit: 2 })
  expect(firstRows(ordered, table, rows)).toEqual([rows[1], rows[2]])
})

test.each<[string, Partial<OneToManySchema>, readonly string[] | undefined]>([
  ['one column', {}, ['title']],
  ['a column that orders', { orderBy: { column: 'title' } }, []],
  ['the column that links', { schema: { type: 'column', column: 'book' } }, []],
  ['a column and a filter by another', { where: { year: 1 } }, undefined],
  ['a filter by the same column', { where: { or: [{ title: 'a' }, { title: null }] } }, ['title']],
  ['a type whose bytes are not known', { schema: { type: 'column', column: 'price' } }, undefined],
  ['an order in which equal values differ in bytes', { orderBy: { column: 'price' } }, undefined],
  ['an array inside', { schema: array({}) }, undefined],
  ['an array inside that stays one', { flatten: false, schema: { ...array({}), column: 'year' } }, ['year']],
])('tells the rest of an order of %s', (_, more, expected) => {
  expect(restOfOrder(array(more), table)).toEqual(expected)
})

test('a limit of an order that is not told is an error', () => {
  const prices = array({ schema: { type: 'column', column: 'price' }, limit: 1 })
  expect(() => firstRows(prices, table, [])).toThrow('not told')
})

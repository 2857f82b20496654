import type { RootSchema, Schema } from 'pg-capture'
import { describe, expect, test } from 'vitest'
import { canonicalText, evaluate } from './evaluate.ts'
import type { TableState } from './table-state.ts'

type Value = string | null

/** Tables of text columns, written as rows. */
function state(
  tables: Record<string, Record<string, Value>[]>,
  types: Record<string, string> = {},
): TableState {
  return {
    version: 1n,
    rows: Object.entries(tables).map(([table, rows]) => ({
      table: {
        schema: 'public',
        table,
        create: [],
        columns: Object.keys(rows[0] ?? {}).map((name) => ({ name, type: types[name] ?? 'text' })),
      },
      rows: rows.map(
        (row) =>
          new Map(
            Object.entries(row).map(([name, text]) => [
              name,
              { text, json: text === null ? null : json(name, text), castText: text },
            ]),
          ),
      ),
    })),
  }
}

/** A column that is called json holds JSON, all others text. */
function json(name: string, text: string): string {
  return name === 'json' ? text : JSON.stringify(text)
}

const column = (name: string): Schema => ({ type: 'column', column: name })
const root = (schema: Schema): RootSchema => ({ table: 'author', primaryKey: 'id', schema })
const books = (schema: Schema): Schema => ({
  type: 'one-to-many',
  column: 'id',
  referencingTable: 'book',
  referencingColumn: 'author',
  schema,
})
const reviews = (schema: Schema): Schema => ({
  type: 'one-to-many',
  column: 'id',
  referencingTable: 'review',
  referencingColumn: 'book',
  schema,
})
const publisher = (schema: Schema): Schema => ({
  type: 'many-to-one',
  column: 'publisher',
  referencesTable: 'publisher',
  referencesColumn: 'id',
  hasFKConstraint: false,
  schema,
})

const library = state({
  author: [
    { id: '1', name: 'Ann', json: 'null' },
    { id: '2', name: null, json: null },
  ],
  book: [
    { id: 'a', author: '1', title: 'A', publisher: 'p' },
    { id: 'b', author: '1', title: null, publisher: 'gone' },
    { id: 'c', author: null, title: 'C', publisher: null },
  ],
  review: [
    { id: 'x', book: 'b', stars: '5' },
    { id: 'y', book: 'a', stars: '4' },
    { id: 'z', book: 'a', stars: null },
  ],
  publisher: [{ id: 'p', city: 'Rome' }],
})

function objects(schema: Schema, from: TableState = library): Record<string, unknown> {
  return Object.fromEntries(evaluate(root(schema), from))
}

describe('evaluate', () => {
  test('reads a column of each root, NULL as null', () => {
    expect(objects(column('name'))).toEqual({ 1: 'Ann', 2: null })
  })

  test('follows a link to one row, or to none', () => {
    expect(objects(books({ type: 'object', properties: { at: publisher(column('city')) } }))).toEqual({
      // By the only column read, which links: gone, p.
      1: [{ at: null }, { at: 'Rome' }],
      2: [],
    })
  })

  test('leaves NULL out of arrays, and keeps the JSON value null', () => {
    expect(objects(books(column('title')))).toEqual({ 1: ['A'], 2: [] })
    expect(objects(books(publisher(column('city'))))).toEqual({ 1: ['Rome'], 2: [] })
    const self: Schema = {
      type: 'one-to-many',
      column: 'id',
      referencingTable: 'author',
      referencingColumn: 'id',
      schema: column('json'),
    }
    expect(objects(self)).toEqual({ 1: [null], 2: [] })
  })

  test('flattens an array directly in an array, also through a link', () => {
    expect(objects(books(reviews(column('stars'))))).toEqual({ 1: ['4', '5'], 2: [] })
    const throughAuthor: Schema = {
      type: 'many-to-one',
      column: 'author',
      referencesTable: 'author',
      referencesColumn: 'id',
      hasFKConstraint: false,
      schema: books(column('id')),
    }
    expect(objects(books(throughAuthor))).toEqual({ 1: ['a', 'b', 'a', 'b'], 2: [] })
  })

  test('keeps NULLs, and arrays in arrays, where it is told to', () => {
    const keeping = (schema: Schema): Schema => ({ ...books(schema), keepNulls: true }) as Schema
    expect(objects(keeping(column('title')))).toEqual({ 1: ['A', null], 2: [] })
    expect(objects(keeping(publisher(column('city'))))).toEqual({ 1: [null, 'Rome'], 2: [] })
    expect(objects(keeping(reviews(column('stars'))))).toEqual({ 1: ['4', null, '5'], 2: [] })
    const nested = { ...books(reviews(column('stars'))), flatten: false } as Schema
    expect(objects(nested)).toEqual({ 1: [['4'], ['5']], 2: [] })
  })

  test('keeps arrays apart in an object', () => {
    expect(objects(books({ type: 'object', properties: { stars: reviews(column('stars')) } }))).toEqual({
      1: [{ stars: ['4'] }, { stars: ['5'] }],
      2: [],
    })
  })

  test.each([
    ['int', 'numeric', '1', '1.00'],
    ['numeric', 'numeric', '2.50', '2.5'],
    ['numeric', 'int', '0.0', '0'],
    ['float8', 'float8', '-0', '0'],
    ['interval', 'interval', '24:00:00', '1 day'],
    ['char(4)', 'char(4)', 'a   ', 'a'],
    ['text collate oracle_folding', 'text collate oracle_folding', 'A', 'a'],
  ])('compares %s and %s as Postgres does', (one, other, left, right) => {
    const rows = state(
      { author: [{ id: left }], book: [{ author: right, title: 'A' }] },
      { id: one, author: other },
    )
    expect(objects(books(column('title')), rows)).toEqual({ [left]: ['A'] })
  })

  test('tells text in upper case from text in lower case', () => {
    const rows = state({ author: [{ id: 'A' }], book: [{ author: 'a', title: 'A' }] })
    expect(objects(books(column('title')), rows)).toEqual({ A: [] })
  })

  test('finds a table by its Postgres schema', () => {
    const rows = state({ author: [{ id: '1' }] })
    const schema = (table: RootSchema['table']): RootSchema => ({
      table,
      primaryKey: 'id',
      schema: column('id'),
    })
    for (const table of [
      'author',
      'public.author',
      { table: 'author' },
      { schema: 'public', table: 'author' },
    ]) {
      expect([...evaluate(schema(table), rows)]).toEqual([['1', '1']])
    }
    expect(() => evaluate(schema('library.author'), rows)).toThrow('names no table')
  })
})

describe('canonicalText', () => {
  const tables = state(
    { book: [{ id: 'a', author: '1', tags: '', title: '' }], review: [{ id: 'x', book: 'a', stars: '5' }] },
    { id: 'numeric', stars: 'numeric' },
  ).rows.map(({ table }) => table)
  const schema = books({
    type: 'object',
    properties: { tags: column('tags'), stars: reviews(column('stars')) },
  })

  test('forgets the order of rows, not that of arrays in columns', () => {
    const one = [
      { tags: [2, 1], stars: ['5', '4'] },
      { tags: [], stars: [] },
    ]
    const other = [
      { tags: [], stars: [] },
      { tags: [2, 1], stars: ['4', '5'] },
    ]
    expect(canonicalText(schema, one, tables)).toBe(canonicalText(schema, other, tables))
    const turned = [
      { tags: [], stars: [] },
      { tags: [1, 2], stars: ['4', '5'] },
    ]
    expect(canonicalText(schema, one, tables)).not.toBe(canonicalText(schema, turned, tables))
  })

  test('forgets the order at each depth of arrays in arrays', () => {
    const nested = { ...books(reviews(column('stars'))), flatten: false } as Schema
    expect(canonicalText(nested, [['2', '1'], []], tables)).toBe(
      canonicalText(nested, [[], ['1', '2']], tables),
    )
    expect(canonicalText(nested, [['2'], ['1']], tables)).not.toBe(
      canonicalText(nested, [['2', '1']], tables),
    )
  })

  test('keeps the order where it is told', () => {
    const titles = books(column('title'))
    expect(canonicalText(titles, ['a', 'b'], tables)).not.toBe(canonicalText(titles, ['b', 'a'], tables))
    const byKey = { ...books(column('tags')), orderBy: { column: 'id' } } as Schema
    expect(canonicalText(byKey, [1, 2], tables)).not.toBe(canonicalText(byKey, [2, 1], tables))
  })

  test.each([
    [null],
    ['x'],
    [[{ tags: [], stars: null }]],
    [[{ tags: [], stars: [], more: 1 }]],
    [[{ tags: [] }]],
  ])('tells an object of another shape (%j)', (value) => {
    expect(canonicalText(schema, value, tables)).not.toBe(
      canonicalText(schema, [{ tags: [], stars: [] }], tables),
    )
  })
})

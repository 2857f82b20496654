import { describe, expect, test } from 'vitest'
import { NumberText } from './number-text.ts'
import {
  emptyRow,
  fillUnchanged,
  identityOf,
  knownRow,
  partlyKnown,
  setColumn,
  unchangedKey,
  withKnownNulls,
  withoutUnchangedNulls,
} from './source-row.ts'

const book = { schema: 'public', table: 'book' }

describe('identityOf', () => {
  test('is default, one for all tables, or by table', () => {
    expect(identityOf(undefined, book)).toBe('default')
    expect(identityOf({}, book)).toBe('default')
    expect(identityOf({ replicaIdentity: ['id'] }, book)).toEqual(['id'])
    const byTable = ({ schema, table }: typeof book): 'full' | 'default' =>
      `${schema}.${table}` === 'public.book' ? 'full' : 'default'
    expect(identityOf({ replicaIdentity: byTable }, book)).toBe('full')
    expect(identityOf({ replicaIdentity: byTable }, { ...book, schema: 'other' })).toBe('default')
  })
})

describe('a row', () => {
  test('inherits nothing, and may have a column called __proto__', () => {
    const row = knownRow(JSON.parse('{"__proto__": 1, "constructor": 2}'))
    expect(Object.entries(row)).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ])
    expect('toString' in row).toBe(false)
  })

  test('holds a number as its digits, and no document with a number that would be rounded', () => {
    const row = emptyRow()
    setColumn(row, 'id', new NumberText('9007199254740993'))
    setColumn(row, 'whole', { a: [1, { b: 'x' }] })
    setColumn(row, 'rounded', { a: [1, { b: new NumberText('1.00') }] })
    setColumn(row, 'absent', undefined)
    expect(row).toEqual({ id: '9007199254740993', whole: { a: [1, { b: 'x' }] } })
  })

  test('of an object that holds itself is no endless walk', () => {
    const loop: Record<string, unknown> = {}
    loop['loop'] = [loop]
    expect(knownRow({ loop })['loop']).toBe(loop)
  })
})

describe('an old row with nulls for what was not sent', () => {
  const row = knownRow({ id: 1, day: null, note: null })

  test.each([
    ['full', { id: 1, day: null, note: null }],
    ['default', { id: 1 }],
    [['id', 'day'], { id: 1, day: null }],
  ] as const)('under %j', (identity, expected) => {
    expect(withKnownNulls(row, identity)).toEqual(expected)
  })
})

describe('without an old row', () => {
  test('the columns of the identity did not change, where they are named', () => {
    expect(unchangedKey({ id: 1, title: 'a' }, ['id', 'missing'])).toEqual({ id: 1 })
    expect(unchangedKey({ id: 1 }, 'default')).toBeUndefined()
    expect(unchangedKey({ id: 1 }, 'full')).toBeUndefined()
  })
})

describe('partlyKnown', () => {
  test('is what is known, and where that is nothing, columns that are undefined', () => {
    const known = knownRow({ id: 1 })
    expect(partlyKnown(known, { id: 1, title: 'a' })).toBe(known)
    const unknown = partlyKnown(emptyRow(), { id: 1, title: 'a' })
    expect(Object.entries(unknown)).toEqual([
      ['id', undefined],
      ['title', undefined],
    ])
  })
})

test('fillUnchanged fills in what the old row tells', () => {
  const data = knownRow({ id: 1 })
  fillUnchanged(data, ['body', 'note', 'toString', 'unknown'], {
    id: 1,
    body: 'x',
    note: null,
    other: 1,
    unknown: undefined,
  })
  expect(data).toEqual({ id: 1, body: 'x', note: null })
  fillUnchanged(data, ['body'], undefined)
  expect(data).toEqual({ id: 1, body: 'x', note: null })
})

test('withoutUnchangedNulls keeps a null only where nothing else can be meant', () => {
  const data = knownRow({ a: null, b: null, c: null, d: null, e: 'x' })
  expect(withoutUnchangedNulls(data, { a: 1, b: true, c: null, d: 'text' })).toEqual({
    a: null,
    b: null,
    c: null,
    e: 'x',
  })
  expect(withoutUnchangedNulls(data, undefined)).toEqual({ e: 'x' })
  expect(withoutUnchangedNulls(data, undefined, (column) => column !== 'd')).toEqual({ d: null, e: 'x' })
})

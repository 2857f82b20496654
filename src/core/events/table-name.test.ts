import { describe, expect, test } from 'vitest'
import { displayTableName, parseTableName, tableKey } from './table-name.ts'

describe('parseTableName', () => {
  test.each([
    ['book', undefined, { schema: undefined, table: 'book' }],
    ['library.book', undefined, { schema: 'library', table: 'book' }],
    ['library.odd.name', undefined, { schema: 'library', table: 'odd.name' }],
    ['book', 'library', { schema: 'library', table: 'book' }],
    [{ table: 'odd.name' }, undefined, { schema: undefined, table: 'odd.name' }],
    [{ table: 'book', schema: 'library' }, undefined, { schema: 'library', table: 'book' }],
  ])('%j in the schema %s is %j', (reference, schema, expected) => {
    expect(parseTableName(reference, schema)).toEqual(expected)
  })

  test('takes a name with dots whole where the schema is told beside it', () => {
    expect(parseTableName('odd.name', 'public')).toEqual({ schema: 'public', table: 'odd.name' })
  })

  test('prefers the schema of the reference to the one beside it', () => {
    expect(parseTableName({ schema: 'a', table: 'book' }, 'b')).toEqual({ schema: 'a', table: 'book' })
  })
})

describe('tableKey', () => {
  test('is the same for a table of public, named with its schema or without', () => {
    expect(tableKey(parseTableName('book'))).toBe(tableKey(parseTableName('public.book')))
    expect(tableKey(parseTableName('book'))).toBe(tableKey(parseTableName('book', 'public')))
  })

  test('differs for one table name in two Postgres schemas', () => {
    expect(tableKey(parseTableName('book'))).not.toBe(tableKey(parseTableName('library.book')))
  })

  test('does not confuse a dot in a name with the dot between schema and table', () => {
    const a = tableKey(parseTableName({ schema: 'a.b', table: 'c' }))
    const b = tableKey(parseTableName({ schema: 'a', table: 'b.c' }))
    expect(a).not.toBe(b)
  })
})

describe('displayTableName', () => {
  test('shows the name as an error message needs it', () => {
    expect(displayTableName(parseTableName('book'))).toBe('"book"')
    expect(displayTableName(parseTableName('library.book'))).toBe('"library"."book"')
  })
})

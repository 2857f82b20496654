import { describe, expect, test } from 'vitest'
import { byteLength, quoteIdentifier, quoteLiteral, quoteTable } from './identifier.ts'

describe('quoteIdentifier', () => {
  test.each([
    ['authorId', '"authorId"'],
    ['a"b', '"a""b"'],
    ['"', '""""'],
    ['$1', '"$1"'],
    ["it's \\ 📚", `"it's \\ 📚"`],
  ])('%s becomes %s', (name, quoted) => {
    expect(quoteIdentifier(name)).toBe(quoted)
  })
})

describe('quoteTable', () => {
  test('leaves a table without schema to the search path', () => {
    expect(quoteTable({ schema: undefined, table: 'book' })).toBe('"book"')
  })

  test('quotes schema and table apart', () => {
    expect(quoteTable({ schema: 'a.b', table: 'c"d' })).toBe('"a.b"."c""d"')
  })
})

describe('quoteLiteral', () => {
  test.each([
    ['plain', `'plain'`],
    ['', `''`],
    [`it's`, `'it''s'`],
    ['$1 $& $$', `'$1 $& $$'`],
    ['a\\b', ` E'a\\\\b'`],
    [`\\'; drop table book; --`, ` E'\\\\''; drop table book; --'`],
  ])('%s becomes %s', (text, quoted) => {
    expect(quoteLiteral(text)).toBe(quoted)
  })
})

describe('byteLength', () => {
  test.each([
    ['abc', 3],
    ['é', 2],
    ['📚', 4],
    ['', 0],
  ])('of %s is %i, as Postgres counts in UTF-8', (text, bytes) => {
    expect(byteLength(text)).toBe(bytes)
  })
})

import { describe, expect, test } from 'vitest'
import { isTypeName } from './type-name.ts'

describe('the name of a type', () => {
  test.each([
    'text',
    'TEXT',
    'float8',
    'numeric(10,2)',
    'numeric(10, -2)',
    'varchar(80)',
    'timestamptz(3)',
    'int[]',
    'numeric(10,2)[]',
    'pg_catalog.text',
    'library."Odd Type"',
    '"a""b".c',
    'größe',
    '"📚"',
    `"${'x'.repeat(63)}"`,
  ])('can be %s', (name) => {
    expect(isTypeName(name)).toBe(true)
  })

  test.each([
    '',
    ' ',
    ' text',
    'text ',
    'double precision',
    'text) || (SELECT 1',
    'text; DROP TABLE book',
    'text -- x',
    'text/**/',
    'text\n',
    'a.b.c',
    'numeric()',
    'numeric(a)',
    'numeric(1,2,3)',
    'numeric(10,2',
    'int[3]',
    'int[][]',
    '[]',
    '"',
    '"a"b"',
    '""',
    '1text',
    "te'xt",
    'text\0',
    '"a\0"',
    '"a\ud800"',
    `"${'x'.repeat(64)}"`,
    'x'.repeat(64),
    '$1',
  ])('can not be %j', (name) => {
    expect(isTypeName(name)).toBe(false)
  })
})

import { describe, expect, test } from 'vitest'
import { byteLength, MAX_IDENTIFIER_BYTES } from './identifier.ts'
import { TableAliases } from './table-aliases.ts'

function aliasesOf(...tables: string[]): string[] {
  const aliases = new TableAliases()
  return tables.map((table) => aliases.next(table))
}

describe('TableAliases', () => {
  test('numbers the places of each table by itself', () => {
    expect(aliasesOf('book', 'author', 'author', 'book')).toEqual([
      '"book_1"',
      '"author_1"',
      '"author_2"',
      '"book_2"',
    ])
  })

  test('never gives one alias twice where a table is called like an alias', () => {
    const aliases = aliasesOf('book', 'book', 'book_1', 'book_1', 'book_1_1', 'book')
    expect(new Set(aliases).size).toBe(aliases.length)
  })

  test('never gives one alias twice where names are equal in what Postgres keeps of them', () => {
    const stem = 'x'.repeat(62)
    const aliases = aliasesOf(`${stem}a`, `${stem}b`, stem, `${stem}a`)
    expect(new Set(aliases).size).toBe(4)
    expect(new Set(aliases.map((alias) => alias.slice(1, -1).slice(0, MAX_IDENTIFIER_BYTES))).size).toBe(4)
  })

  test.each(['x'.repeat(63), '📚'.repeat(15), `a${'é'.repeat(31)}`, '"'.repeat(63)])(
    'cuts %s so that Postgres has nothing to cut, and no character in two',
    (table) => {
      for (const alias of aliasesOf(...Array.from({ length: 12 }, () => table))) {
        const name = alias.slice(1, -1).replaceAll('""', '"')
        expect(byteLength(name)).toBeLessThanOrEqual(MAX_IDENTIFIER_BYTES)
        expect(name).not.toContain('\uFFFD')
        expect(table.startsWith(name.replace(/_\d+$/, ''))).toBe(true)
      }
    },
  )

  test.each(['constructor', '__proto__', 'toString'])('counts a table called %s like any other', (table) => {
    expect(aliasesOf(table, table)).toEqual([`"${table}_1"`, `"${table}_2"`])
  })

  test('quotes quotes', () => {
    expect(aliasesOf('a"b')).toEqual(['"a""b_1"'])
  })
})

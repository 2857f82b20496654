import { describe, expect, test } from 'vitest'
import { joinSql, sql } from './fragment.ts'
import { QueryBuilder } from './query-builder.ts'
import { compileStatement } from './statement.ts'

describe('sql', () => {
  test('puts SQL and pieces with parameters in their places', () => {
    const condition = sql`${'"a"'} = ${[{ value: 1 }]}`
    const { text, values } = new QueryBuilder(sql`SELECT 1 WHERE ${condition} AND ${condition}`).toQuery()
    expect(text).toBe('SELECT 1 WHERE "a" = $1 AND "a" = $1')
    expect(values).toEqual([1])
  })
})

describe('joinSql', () => {
  test('puts the text between the pieces', () => {
    const pieces = ['1', [{ value: 'x' }], sql`2 + ${'3'}`]
    expect(new QueryBuilder(joinSql(pieces, ', ')).toQuery().text).toBe('1, $1, 2 + 3')
    expect(joinSql([], ', ')).toEqual([])
  })
})

describe('compileStatement', () => {
  test('numbers the open parameters first, wherever they stand', () => {
    const [open, other] = [{ value: null }, { value: null }]
    const parts = sql`SELECT ${[{ value: 'fixed' }]}, ${[other]}, ${[open]}, ${[other]}`
    expect(compileStatement(parts, [open, other])).toEqual({
      text: 'SELECT $3, $2, $1, $2',
      fixed: ['fixed'],
    })
  })
})

import { describe, expect, test } from 'vitest'
import { QueryBuilder } from './query-builder.ts'

describe('toQuery', () => {
  test('numbers the parameters in their order', () => {
    const query = new QueryBuilder(['SELECT ', { value: 'a' }, ', ', { value: 'b' }])
    expect(query.toQuery()).toEqual({ text: 'SELECT $1, $2', values: ['a', 'b'] })
  })

  test('makes two uses of one parameter one, and keeps two equal values apart', () => {
    const once = { value: 'a' }
    const query = new QueryBuilder(['SELECT ', once, ', ', { value: 'a' }, ', ', once])
    expect(query.toQuery()).toEqual({ text: 'SELECT $1, $2, $1', values: ['a', 'a'] })
  })

  test('leaves values out of the text, whatever they hold', () => {
    const value = "$1 $& $$ '; drop table book; --"
    expect(new QueryBuilder(['SELECT ', { value }]).toQuery()).toEqual({ text: 'SELECT $1', values: [value] })
  })

  test('gives an array as one value', () => {
    const query = new QueryBuilder(['= ANY(', { value: ['a', 'b'] }, ')'])
    expect(query.toQuery()).toEqual({ text: '= ANY($1)', values: [['a', 'b']] })
  })

  test('may be called again', () => {
    const query = new QueryBuilder(['SELECT ', { value: 'a' }])
    expect(query.toQuery()).toEqual(query.toQuery())
  })
})

describe('toString', () => {
  test.each([
    ['a text', 'a', `'a'`],
    ['a text with quotes', `it's`, `'it''s'`],
    ['a text that looks like a parameter', '$1 $& $`', `'$1 $& $\`'`],
    ['a number', 1, '1'],
    ['a bigint', 9007199254740993n, '9007199254740993'],
    ['true', true, 'TRUE'],
    ['false', false, 'FALSE'],
    ['null', null, 'NULL'],
    ['a Date', new Date(0), `'1970-01-01T00:00:00.000Z'`],
    ['an array', ['a', null, 'b"c'], ` E'{"a",NULL,"b\\\\"c"}'`],
    ['an object, as json', { a: 1 }, `'{"a":1}'`],
  ])('quotes %s in', (_, value, quoted) => {
    expect(new QueryBuilder(['SELECT ', { value }]).toString()).toBe(`SELECT ${quoted}`)
  })

  test('quotes in every use of a parameter', () => {
    const once = { value: 'a' }
    expect(new QueryBuilder(['SELECT ', once, ', ', once]).toString()).toBe(`SELECT 'a', 'a'`)
  })
})

describe('run', () => {
  test('gives the client text and values, and resolves to the rows', async () => {
    const calls: unknown[] = []
    const client = {
      query: async (text: string, values: unknown[]) => {
        calls.push([text, values])
        return { rows: [{ id: 'a' }] }
      },
    }
    const query = new QueryBuilder<{ id: unknown }>(['SELECT ', { value: 'a' }])
    expect(await query.run(client)).toEqual([{ id: 'a' }])
    expect(calls).toEqual([['SELECT $1', ['a']]])
  })

  test("rejects with the client's own error", async () => {
    const failure = new Error('the connection is gone')
    const client = { query: () => Promise.reject(failure) }
    await expect(new QueryBuilder(['SELECT 1']).run(client)).rejects.toBe(failure)
  })
})

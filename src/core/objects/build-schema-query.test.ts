import { describe, expect, test } from 'vitest'
import type { RootSchema } from '../schema/schema.ts'
import { SchemaError } from '../schema/schema-error.ts'
import { buildSchemaQuery } from './build-schema-query.ts'

const schema: RootSchema = { table: 'book', primaryKey: 'id', schema: { type: 'column', column: 'title' } }
const select =
  'SELECT "book_1"."id" AS "id", TO_JSON("book_1"."title") AS "object" FROM "book" AS "book_1" WHERE '

describe('buildSchemaQuery', () => {
  test.each([
    ['no id', [], 'FALSE', []],
    ['one id', ['a'], '"book_1"."id" IN ($1)', ['a']],
    ['several', ['a', 'b', 'a'], '"book_1"."id" IN ($1, $2, $3)', ['a', 'b', 'a']],
  ])('asks for %s', (_, ids, condition, values) => {
    expect(buildSchemaQuery(schema, ids).toQuery()).toEqual({ text: select + condition, values })
  })

  test('asks for more than a thousand by one array', () => {
    const ids = Array.from({ length: 1001 }, (_, n) => n)
    const { text, values } = buildSchemaQuery(schema, ids).toQuery()
    expect(text).toBe(`${select}"book_1"."id" = ANY($1)`)
    expect(values).toEqual([ids.map(String)])
    expect(buildSchemaQuery(schema, ids.slice(1)).toQuery().values).toHaveLength(1000)
  })

  test('takes ids of any JavaScript type as text', () => {
    expect(buildSchemaQuery(schema, [1, 2n, '3', true]).toQuery().values).toEqual(['1', '2', '3', 'true'])
  })

  test.each([null, undefined, {}, []])('refuses %j for an id', (id) => {
    expect(() => buildSchemaQuery(schema, [id])).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  test('shows its values in toString', () => {
    expect(buildSchemaQuery(schema, [`it's`, 1]).toString()).toBe(`${select}"book_1"."id" IN ('it''s', '1')`)
  })

  test('refuses a schema that can not work', () => {
    expect(() => buildSchemaQuery({ ...schema, table: '' }, ['a'])).toThrow(SchemaError)
  })

  test('is the same text for the same number of ids', () => {
    const text = (ids: readonly unknown[]): string => buildSchemaQuery(schema, ids).toQuery().text
    expect(text([1, 2])).toBe(text(['x', 'y']))
  })
})

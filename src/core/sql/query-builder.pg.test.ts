import { expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import { QueryBuilder } from './query-builder.ts'

const database = testDatabase()

const values: readonly (readonly [name: string, value: unknown, type: string])[] = [
  ['a text', `it's \\ "$1" $& 📚\n`, 'text'],
  ['an empty text', '', 'text'],
  ['a number', -1.5, 'float8'],
  ['a bigint', -9007199254740993n, 'int8'],
  ['a boolean', true, 'boolean'],
  ['null', null, 'text'],
  ['an array of texts', ['a', '', 'null', null, 'b"c', 'd\\e', '{f,g}', `h'i`], 'text[]'],
  ['an empty array', [], 'text[]'],
]

test.each(values)('toString and run mean the same for %s', async (_, value, type) => {
  const query = new QueryBuilder<{ value: unknown }>(['SELECT ', { value }, `::${type} AS "value"`])
  const { rows } = await database.query(query.toString())
  expect(rows).toEqual(await query.run(database))
})

test('one value in two places of a statement is one parameter to Postgres', async () => {
  const once = { value: 'a' }
  const query = new QueryBuilder(['SELECT ', once, '::text || ', once, '::text AS "value"'])
  expect(await query.run(database)).toEqual([{ value: 'aa' }])
})

import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import type { AggregateFunction, OneToManySchema, Schema } from '../schema/schema.ts'
import { buildSchemaQuery } from './build-schema-query.ts'

const database = testDatabase({
  setup: `
    create schema library;
    create type library."Odd ""Type""" as enum ('x', 'a');
    create table book (id int primary key, title text, big bigint, price numeric, code char(4), "a}b" text, "{" int);
    create table sale (id int primary key, "bookId" int, note text, amount int);
    insert into book values
      (1, 'Emma', 9007199254740993, 12345678901234567890.12, 'b', 'x', 5), (2, null, null, null, null, null, null);
    insert into sale values (10, 1, '2', 3), (11, 1, '10', 1), (12, 1, null, 2)`,
})

const column = (name: string, cast?: string): Schema => ({ type: 'column', column: name, cast })

const expression = (sql: string, columns: string[], cast?: string): Schema => ({
  type: 'expression',
  sql,
  columns,
  cast,
})

const sales = (schema: Schema, more: Partial<OneToManySchema> = {}): Schema => ({
  type: 'one-to-many',
  column: 'id',
  referencingTable: 'sale',
  referencingColumn: 'bookId',
  schema,
  ...more,
})

const aggregate = (name: AggregateFunction, schema: Schema): Schema => ({
  type: 'aggregate',
  function: name,
  column: 'id',
  referencingTable: 'sale',
  referencingColumn: 'bookId',
  schema,
})

/** Of the books 1 and 2. */
async function objects(schema: Schema): Promise<unknown[]> {
  const query = buildSchemaQuery({ table: 'book', primaryKey: 'id', schema }, [1, 2])
  const rows = await query.run(database)
  return rows.toSorted((left, right) => Number(left.id) - Number(right.id)).map(({ object }) => object)
}

test('the SQL of a cast and of an expression names their columns by the alias of their row', () => {
  const of = (schema: Schema): string =>
    buildSchemaQuery({ table: 'book', primaryKey: 'id', schema }, []).toString()
  expect(of(column('big', 'text'))).toContain('TO_JSON(CAST("book_1"."big" AS text))')
  expect(of(expression(`UPPER({title}) || '}}'`, ['title'], 'varchar(9)'))).toContain(
    `TO_JSON(CAST((UPPER("book_1"."title") || '}') AS varchar(9)))`,
  )
})

describe('a cast', () => {
  test.each([
    ['text', 'big', '9007199254740993'],
    ['text', 'price', '12345678901234567890.12'],
    ['numeric(30,1)', 'big', '9007199254740993.0'],
    ['float8', 'price', 12345678901234567000],
    ['text', 'code', 'b'],
    ['library."Odd ""Type"""', 'a}b', 'x'],
  ])('to %s of the column %s', async (type, name, value) => {
    expect(await objects(column(name, type))).toEqual([value, null])
  })

  test('leaves the NULL of an array out, and keeps the order of the columns read', async () => {
    expect(await objects(sales(column('note', 'int')))).toEqual([[10, 2], []])
    expect(await objects(sales(column('note', 'int'), { keepNulls: true }))).toEqual([[10, 2, null], []])
  })

  test('goes before an aggregate', async () => {
    expect(await objects(aggregate('max', column('note')))).toEqual(['2', null])
    expect(await objects(aggregate('max', column('note', 'int')))).toEqual([10, null])
    expect(await objects(aggregate('sum', column('note', 'numeric(10,2)')))).toEqual([12, null])
  })
})

describe('an expression', () => {
  test.each<[string, Schema, unknown[]]>([
    ['of one column', expression('UPPER({title})', ['title']), ['EMMA', null]],
    ['of several', expression(`CONCAT({title}, ' ', {id})`, ['id', 'title']), ['Emma 1', ' 2']],
    [
      'that makes JSON',
      expression('JSONB_BUILD_ARRAY({id}, {title})', ['id', 'title']),
      [
        [1, 'Emma'],
        [2, null],
      ],
    ],
    ['with braces', expression(`'{{' || {title} || '}}'`, ['title']), ['{Emma}', null]],
    ['with an odd name', expression('{a}b} || {{}', ['a}b', '{']), ['x5', null]],
    ['of no column, cast', expression(`'book'`, [], 'text'), ['book', 'book']],
    ['in an array', sales(expression('{amount} * 2', ['amount'])), [[2, 4, 6], []]],
    [
      'in the first rows alone',
      sales(expression('{amount} * 2', ['amount']), { limit: 1, orderBy: { column: 'amount' } }),
      [[2], []],
    ],
    ['summed', aggregate('sum', expression('{amount} * 2', ['amount'])), [12, null]],
    ['as the greatest', aggregate('max', expression('-{amount}', ['amount'])), [-1, null]],
    ['counted where it is not NULL', aggregate('count', expression('LOWER({note})', ['note'])), [2, 0]],
    ['there at all', aggregate('exists', expression('LOWER({note})', ['note'])), [true, false]],
  ])('%s', async (_, schema, expected) => {
    expect(await objects(schema)).toEqual(expected)
  })
})

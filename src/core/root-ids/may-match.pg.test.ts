import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import type { Condition, ConditionValue } from '../schema/condition.ts'
import { filterOf, filterSql } from '../schema/filter.ts'
import { planOf } from '../schema/plan.ts'
import { asPrinted } from '../sql/as-printed.ts'
import { quoteIdentifier } from '../sql/identifier.ts'
import { sql } from '../sql/fragment.ts'
import { QueryBuilder } from '../sql/query-builder.ts'
import { FilteredColumns } from './filtered-columns.ts'
import { mayMatch, type TextForms } from './may-match.ts'

/** Types of columns, each with values as a person would write them. Those of the first group are decided by the event alone. */
const decided: Readonly<Record<string, readonly ConditionValue[]>> = {
  int: [1, '1', ' 2', 3n, '-4'],
  bigint: ['9007199254740993', '9007199254740992', 0, '-0'],
  uuid: [
    'a0000000-0000-4000-8000-00000000000a',
    'A0000000-0000-4000-8000-00000000000A',
    '{a0000000-0000-4000-8000-00000000000a}',
    'b0000000-0000-4000-8000-00000000000a',
  ],
  boolean: [true, false, 'yes', 'f'],
  text: ['a', 'A', '', ' a', 'a '],
  varchar: ['a', 'A', 'b'],
  mood: ['happy', 'sad'],
}
const undecided: Readonly<Record<string, readonly ConditionValue[]>> = {
  numeric: ['1', '1.0', 1, '2.50', '2.5'],
  float8: ['0', '-0', 'NaN', 0.1],
  'char(4)': ['a', 'a   ', 'A'],
  folded: ['a', 'A', 'b'],
  date: ['2026-01-31', '31 Jan 2026', 'infinity'],
  timestamptz: ['2026-01-31 12:00:00+00', '2026-01-31 13:00:00+01'],
  interval: ['1 day', '24:00:00'],
  inet: ['1.2.3.4', '1.2.3.4/32'],
  size: ['(,)', '(1,)', '(1,2)'],
}
const types = { ...decided, ...undecided }
const names = Object.keys(types)

const database = testDatabase({
  setup: `
    create collation folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    create type mood as enum ('happy', 'sad');
    create type size as (width int, height int);
    create domain folded as text collate folding;
    create table item (id int primary key, ${names.map((type) => `${quoteIdentifier(type)} ${type}`).join(', ')})`,
})

function tests(value: ConditionValue, other: ConditionValue): Condition[string][] {
  return [
    value,
    { not: value },
    { in: [value, other] },
    { notIn: [value, other] },
    { lt: value },
    { gte: value },
  ]
}

async function formsOf(where: Condition): Promise<TextForms> {
  const plan = planOf({ table: 'item', primaryKey: 'id', schema: { type: 'column', column: 'id' }, where })
  const forms = await new FilteredColumns(plan, database).formsOf(plan.nodes)
  return forms.get(plan.root) ?? new Map()
}

async function rowsOf(column: string): Promise<{ value: string | null; printed: string }[]> {
  await database.query('truncate item')
  for (const [id, value] of [null, ...types[column]!].entries()) {
    await database.query(`insert into item (id, ${quoteIdentifier(column)}) values ($1, $2)`, [id, value])
  }
  const name = quoteIdentifier(column)
  return database.rows(
    `select ${asPrinted([name])} as printed, case when ${name} is distinct from null then ${asPrinted([name])} end as value from item`,
  )
}

async function matched(column: string, where: Condition): Promise<Set<string | null>> {
  const statement = new QueryBuilder<{ value: string | null }>(
    sql`SELECT CASE WHEN ${quoteIdentifier(column)} IS DISTINCT FROM NULL THEN ${asPrinted([quoteIdentifier(column)])} END AS "value" FROM item AS "item_1" WHERE ${filterSql(filterOf(where), '"item_1"')}`,
  )
  return new Set((await statement.run(database)).map(({ value }) => value))
}

describe('a row that SQL lets through may match', () => {
  test.each(names)('of %s', async (column) => {
    const rows = await rowsOf(column)
    const forms = await formsOf({ [column]: '' })
    expect([column, forms.has(column)]).toEqual([column, column in decided])
    const values = types[column]!
    // Postgres reads no composite value from a parameter: such columns can be tested for NULL alone.
    const compared = column === 'size' ? [] : values
    const all = compared.flatMap((value) => compared.flatMap((other) => tests(value, other)))
    for (const test of [null, { not: null }, ...all]) {
      const where: Condition = { [column]: test }
      const found = await matched(column, where)
      for (const { value } of rows) {
        const may = mayMatch(filterOf(where), { [column]: value }, forms)
        expect([where, value, may || !found.has(value)]).toEqual([where, value, true])
        // What is NULL, or is compared with NULL, is decided for every type.
        if (value === null || test === null)
          expect([where, value, may]).toEqual([where, value, found.has(value)])
      }
    }
  })

  test.each(Object.keys(decided))(
    'and one of %s that it keeps out does not, where texts are plain',
    async (column) => {
      const rows = await rowsOf(column)
      const forms = await formsOf({ [column]: '' })
      const printed = rows.flatMap(({ value }) => value ?? [])
      for (const test of printed.flatMap((value) => tests(value, value).slice(0, 4))) {
        const where: Condition = { [column]: test }
        const found = await matched(column, where)
        for (const { value } of rows) {
          const may = mayMatch(filterOf(where), { [column]: value }, forms)
          expect([where, value, may]).toEqual([where, value, found.has(value)])
        }
      }
    },
  )
})

describe('mayMatch', () => {
  const forms: TextForms = new Map([
    ['n', 'integer'],
    ['b', 'boolean'],
  ])
  const may = (where: Condition, row: Record<string, unknown> | undefined): boolean =>
    mayMatch(filterOf(where), row, forms)

  test('takes a value that was not sent for any', () => {
    for (const where of [{ n: null }, { n: { not: null } }, { n: 1 }, { n: { not: 1 } }, { n: { lt: 1 } }]) {
      expect(may(where, {})).toBe(true)
      expect(may(where, undefined)).toBe(true)
    }
  })

  test('reads what drivers make of values', () => {
    expect([1, 1n, '1', '01'].map((n) => may({ n: 1 }, { n }))).toEqual([true, true, true, true])
    expect([2, 2n, '2'].map((n) => may({ n: 1 }, { n }))).toEqual([false, false, false])
    expect([2 ** 60, 1.5, {}, 'x'].map((n) => may({ n: 1 }, { n }))).toEqual([true, true, true, true])
    expect([true, 't', 'true'].map((b) => may({ b: false }, { b }))).toEqual([false, false, false])
    expect([0, 'off', 'f'].map((b) => may({ b: false }, { b }))).toEqual([true, true, true])
  })

  test('combines by and and or', () => {
    expect(may({ n: 1, other: 'x' }, { n: 2, other: 'x' })).toBe(false)
    expect(may({ or: [{ n: 1 }, { other: 'x' }] }, { n: 2, other: 'y' })).toBe(true)
    expect(may({ or: [{ n: 1 }, { b: true }] }, { n: 2, b: false })).toBe(false)
    expect(may({ and: [{ n: 2 }, { b: true }] }, { n: 2, b: false })).toBe(false)
  })
})

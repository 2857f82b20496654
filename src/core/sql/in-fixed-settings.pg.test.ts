import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import { sql } from './fragment.ts'
import { inFixedSettings } from './in-fixed-settings.ts'
import { QueryBuilder, type SqlParts } from './query-builder.ts'

const database = testDatabase({
  setup: `
    create table moment (at timestamptz primary key, since interval, day daterange, bytes bytea, weight float8);
    insert into moment
      select timestamptz '2026-01-31 12:34:56.123456+00' + n * interval '1 day', '-1 mon 2 days', '[2026-01-31,)', '\\x00ff', 1e-7 + n
      from generate_series(0, 999) n;
    create table visit (id int primary key, at timestamptz, hours tstzrange);
    insert into visit select row_number() over (), at, tstzrange(at, null) from moment;
    analyze`,
})

const HOSTILE = [
  `set timezone = 'Asia/Kolkata'`,
  `set datestyle = 'German'`,
  `set intervalstyle = 'iso_8601'`,
  `set bytea_output = 'escape'`,
  `set extra_float_digits = -10`,
]
const SHOWN = ['timezone', 'datestyle', 'intervalstyle', 'bytea_output', 'extra_float_digits']

const text = (parts: SqlParts): string => new QueryBuilder(parts).toString()

const shown = (alias: string): string =>
  `json_build_object('at', ${alias}.at, 'since', ${alias}.since, 'day', ${alias}.day, 'bytes', ${alias}.bytes, 'weight', ${alias}.weight)`

const statements = {
  'one table': sql`select at::text as "id", ${shown('moment')}::text as "object" from moment order by at limit 3`,
  'a sub-select that is joined': sql`
    select format('%s', visit.at) as "id", joined.object::text as "object" from visit
    left join (select at, ${shown('moment')} as object from moment) as joined on joined.at = visit.at
    order by visit.id limit 3`,
  'a sub-select for each row': sql`
    select format('%s', visit.hours) as "id",
      (select json_agg(${shown('moment')}) from moment where moment.at = visit.at)::text as "object" from visit
    order by visit.id limit 3`,
  'an aggregate over all': sql`
    select min(at)::text as "id", string_agg(${shown('moment')}::text, ',' order by at) as "object" from moment`,
} satisfies Record<string, SqlParts>

/** What a plan may be made of: each of these off in turn, so that Postgres joins in every way. */
const plans = [
  [],
  ['nestloop'],
  ['hashjoin'],
  ['nestloop', 'hashjoin'],
  ['nestloop', 'mergejoin'],
  ['sort', 'indexscan'],
]

describe('a statement in fixed settings', () => {
  test.each(Object.entries(statements))(
    'prints the same in every session, whatever the plan: %s',
    async (_, parts) => {
      const plain = await database.client()
      const { rows: expected } = await plain.query(text(inFixedSettings(parts)))
      expect(JSON.stringify(expected)).toContain('2026-01-31')
      expect(JSON.stringify(expected)).toMatch(/12:34:56.123456\+00/)

      const hostile = await database.client()
      for (const setting of HOSTILE) await hostile.query(setting)
      const { rows: unfixed } = await hostile.query(text(parts))
      expect(unfixed).not.toEqual(expected)
      for (const off of plans) {
        for (const kind of off) await hostile.query(`set enable_${kind} = off`)
        // Everything looks so dear that Postgres would share the work among processes, if it may.
        await hostile.query(
          'set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0',
        )
        const { rows } = await hostile.query(text(inFixedSettings(parts)))
        expect(rows, `without ${off.join(' and ')}`).toEqual(expected)
        for (const kind of off) await hostile.query(`reset enable_${kind}`)
      }
    },
  )

  test('leaves the session as it was', async () => {
    const client = await database.client()
    for (const setting of HOSTILE) await client.query(setting)
    const settings = async (): Promise<unknown[]> => {
      const { rows } = await client.query('select name, setting from pg_settings where name ilike any ($1)', [
        SHOWN,
      ])
      return rows
    }
    const before = await settings()
    await client.query(text(inFixedSettings(['select 1'])))
    expect(await settings()).toEqual(before)
    await expect(client.query(text(inFixedSettings(['select 1 / 0'])))).rejects.toThrow('division by zero')
    expect(await settings()).toEqual(before)
  })

  test('leaves a transaction of its caller as it was when that ends, and may be read only', async () => {
    const client = await database.client()
    for (const setting of HOSTILE) await client.query(setting)
    await client.query('begin read only')
    const { rows } = await client.query(
      text(inFixedSettings([`select '2026-01-31 00:00+00'::timestamptz::text as "at"`])),
    )
    expect(rows).toEqual([{ at: '2026-01-31 00:00:00+00' }])
    await client.query('commit')
    expect((await client.query('show timezone')).rows).toEqual([{ TimeZone: 'Asia/Kolkata' }])
  })

  test('selects what it is told to, by the output function of each type', async () => {
    const columns = `format('%s', "row"."at") as "at", "row"."since"::text as "since"`
    const parts = inFixedSettings(sql`select * from moment order by at limit ${[{ value: 1 }]}`, columns)
    const { text: statement, values } = new QueryBuilder(parts).toQuery()
    expect((await database.query(statement, values)).rows).toEqual([
      { at: '2026-01-31 12:34:56.123456+00', since: '-1 mons +2 days' },
    ])
  })

  test('keeps the order of the statement', async () => {
    const ordered = inFixedSettings(['select id from visit order by id desc limit 500'])
    const ids = (await database.rows<{ id: number }>(text(ordered))).map(({ id }) => id)
    expect(ids).toEqual(Array.from({ length: 500 }, (_, n) => 1000 - n))
  })

  test('a table may be called like one of its parts', async () => {
    const client = await database.client()
    await client.query(
      'create temporary table settings as select 7 as "are"; create temporary table "row" as select 8 as "inner"',
    )
    const parts = sql`select "settings"."are", "row"."inner" from "settings", "row"`
    expect((await client.query(text(inFixedSettings(parts)))).rows).toEqual([{ are: 7, inner: 8 }])
  })
})

import type { EventRow, WALEvent } from 'pg-capture'
import { wal2jsonEvents } from 'pg-capture/sources/wal2json'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { captures } from '../support/captures.ts'
import { testDatabase } from '../support/postgres.ts'

// The same statements, seen by the real plugin and by pgoutput: the events have to be the same, but for what the format can't
// tell.

const database = testDatabase({ service: 'wal2json' })
const capture = captures(database)

const slots = { v1: '', v2: '' }
let count = 0

beforeEach(() => {
  count++
  slots.v1 = `${database.name}_${count}_v1`
  slots.v2 = `${database.name}_${count}_v2`
})

afterEach(async () => {
  for (const slot of Object.values(slots)) await database.query('select pg_drop_replication_slot($1)', [slot])
})

interface Seen {
  readonly pgoutput: readonly WALEvent[]
  readonly v1: readonly WALEvent[]
  readonly v2: readonly WALEvent[]
}

/** Runs statements while both plugins look, each over the table with all its columns asked for. */
async function seen(
  table: string,
  oldColumns: readonly string[],
  statements: string,
  events: number,
): Promise<Seen> {
  for (const slot of Object.values(slots)) {
    await database.query(`select pg_create_logical_replication_slot($1, 'wal2json')`, [slot])
  }
  const running = await capture.start([{ table, oldColumns }])
  await database.query(statements)
  const pgoutput = await running.untilEvents(events)
  const [v1, v2] = [await messagesOf(slots.v1, '1'), await messagesOf(slots.v2, '2')]
  return {
    pgoutput,
    v1: v1.flatMap((message) => wal2jsonEvents(message, { replicaIdentity: 'full' })),
    v2: v2.flatMap((message) => wal2jsonEvents(message)),
  }
}

async function messagesOf(slot: string, version: string): Promise<string[]> {
  const options = `'format-version', $2, 'include-xids', 'true', 'include-lsn', 'true', 'include-timestamp', 'true'`
  const rows = await database.rows<{ data: string }>(
    `select data from pg_logical_slot_get_changes($1, null, null, ${options})`,
    [slot, version],
  )
  return rows.map(({ data }) => data)
}

/** An event with its values as text, which is what both can be compared in, and without the columns named. */
function comparable(event: WALEvent, hidden: readonly string[] = []): unknown {
  const { action, schema, table, xid } = event
  return {
    action,
    schema,
    table,
    xid,
    data: textRow(event.data, hidden),
    dataOld: textRow(event.dataOld, hidden),
  }
}

function textRow(row: EventRow | undefined, hidden: readonly string[]): unknown {
  if (row === undefined) return undefined
  const known = Object.entries(row).filter(([column]) => !hidden.includes(column))
  return Object.fromEntries(known.map(([column, value]) => [column, textOf(value)]))
}

function textOf(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 't' : 'f'
  return typeof value === 'number' ? String(value) : value
}

const withoutTruncates = (events: readonly WALEvent[]): WALEvent[] =>
  events.filter(({ action }) => action !== 'TRUNCATE')

describe('under FULL', () => {
  test('INSERT, UPDATE, DELETE and TRUNCATE, with NULLs and an unchanged TOAST value', async () => {
    await database.query(`
      create table whole (id int8 primary key, title text, link int, body text, amount numeric(30, 2));
      alter table whole alter body set storage external;
      alter table whole replica identity full`)
    const { pgoutput, v1, v2 } = await seen(
      'whole',
      ['id', 'link'],
      `begin;
      insert into whole values (9007199254740993, 'a', null, (select string_agg(md5('x' || g), '') from generate_series(1, 200) g), 1.00);
      insert into whole values (2, null, 5, null, 12345678901234567890.50);
      update whole set title = 'b' where id > 2;
      update whole set link = 7, title = null;
      update whole set id = 9007199254740995 where id > 2;
      delete from whole where id = 2;
      commit;
      truncate whole`,
      8,
    )
    expect(v2.map((event) => comparable(event))).toEqual(pgoutput.map((event) => comparable(event)))
    // Version 1 tells no TRUNCATE, and of a deleted row no NULLs.
    const [deleted] = pgoutput.filter(({ action }) => action === 'DELETE')
    expect(v1.map((event) => comparable(event))).toEqual(
      withoutTruncates(pgoutput).map((event) =>
        comparable(event, event === deleted ? ['title', 'body'] : []),
      ),
    )
    expect(v2[2]?.data?.['body']).toHaveLength(6400)
    expect(v2[0]?.data).toMatchObject({ id: '9007199254740993', amount: '1.00' })
  })
})

describe('under DEFAULT', () => {
  test('the old row has the key; an unchanged TOAST value is unknown', async () => {
    await database.query(`
      create table keyed (a int, b text, title text, body text, primary key (b, a));
      alter table keyed alter body set storage external`)
    const { pgoutput, v1, v2 } = await seen(
      'keyed',
      ['a', 'b'],
      `insert into keyed values (1, 'x', 'a', (select string_agg(md5('y' || g), '') from generate_series(1, 200) g));
      update keyed set title = null;
      update keyed set a = 2;
      delete from keyed`,
      4,
    )
    expect(v2.map((event) => comparable(event))).toEqual(pgoutput.map((event) => comparable(event)))
    expect(v2[1]).toMatchObject({ data: { a: 1, b: 'x', title: null }, dataOld: { a: 1, b: 'x' } })
    expect(Object.keys(v2[1]?.data ?? {})).not.toContain('body')
    // The adapter was told FULL, so that in version 1 what is missing seems to have been NULL: nobody should say what is not so.
    expect(v1.map(({ action }) => action)).toEqual(['INSERT', 'UPDATE', 'UPDATE', 'DELETE'])
    expect(v1[3]?.dataOld).toEqual({ a: 2, b: 'x' })
  })

  test('and so it is in version 1, without a word on the identity', async () => {
    await database.query(`create table plain (id int primary key, title text)`)
    const { pgoutput } = await seen(
      'plain',
      ['id'],
      `insert into plain values (1, null); update plain set title = 'a'; update plain set id = 2; delete from plain`,
      4,
    )
    await database.query(
      `insert into plain values (1, null); update plain set title = 'a'; delete from plain`,
    )
    const again = (await messagesOf(slots.v1, '1')).flatMap((message) => wal2jsonEvents(message))
    const expected = [pgoutput[0]!, pgoutput[1]!, { ...pgoutput[3]!, dataOld: { id: '1' } }] as const
    expect(again.map((event) => comparable({ ...event, xid: 0 }))).toEqual(
      expected.map((event) => comparable({ ...event, xid: 0 } as WALEvent)),
    )
  })
})

describe('values', () => {
  test('of every kind are those of pgoutput, but NaN and infinity, which are unknown', async () => {
    await database.query(`
      create domain amount as numeric;
      create table kinds (
        id int8 primary key, small int2, real4 real, real8 float8, exact numeric, money amount, truth bool, day date,
        moment timestamptz, span interval, bytes bytea, document jsonb, plain json, list int[], texts text[], label varchar(20),
        unique_id uuid, spot point
      );
      alter table kinds replica identity full`)
    const { pgoutput, v1, v2 } = await seen(
      'kinds',
      ['id'],
      `insert into kinds values (
        -9223372036854775808, -1, 0.1, 0.1::float8 + 0.2::float8, 1.0000000000000000000000001, 'NaN', true, '2026-11-22',
        '2026-11-22 12:00:00.123456+00', '1 day 02:00', '\\x00ff', '{"n": 9007199254740993}', '{"a":  1.0}', '{1,NULL,3}',
        '{"a \\"b\\"",null}', E'tab\\tquote" back\\\\ 🦉', 'e2fa1a7a-0a1f-4f4e-8d5c-1f1b6d0f4c11', '(1,2)');
      insert into kinds (id, real4, real8, exact, money) values (2, 'NaN', '-Infinity', 'NaN', 'NaN');
      update kinds set real4 = 1e30, real8 = 5e-324, exact = 1e20, bytes = '', list = '{}' where id = 2`,
      3,
    )
    const hidden = (index: number): string[] => (index === 0 ? [] : ['real4', 'real8', 'exact'])
    for (const events of [v1, v2]) {
      expect(events.map((event, index) => comparable(event, hidden(index)))).toEqual(
        pgoutput.map((event, index) => comparable(event, hidden(index))),
      )
      expect(Object.keys(events[1]?.data ?? {})).not.toContain('exact')
      expect(textRow(events[2]?.data, [])).toMatchObject({
        real4: '1e+30',
        real8: '5e-324',
        exact: '100000000000000000000',
      })
      expect(Object.keys(events[2]?.dataOld ?? {})).not.toContain('real8')
    }
  })

  test('names of any kind', async () => {
    const table = `🦉 'owl' \\ $1`
    await database.query(
      `create table "${table}" ("id" int primary key, "__proto__" text, "a ""b""" text, "constructor" text)`,
    )
    const { pgoutput, v1, v2 } = await seen(
      table,
      ['id'],
      `insert into "${table}" values (1, 'p', 'q', 'c'); delete from "${table}"`,
      2,
    )
    for (const events of [v1, v2]) {
      expect(events.map((event) => comparable(event))).toEqual(pgoutput.map((event) => comparable(event)))
      expect(Object.keys(events[0]?.data ?? {})).toEqual(['id', '__proto__', 'a "b"', 'constructor'])
    }
  })
})

test('what is no row gives no event, and version 1 tells a position that the commit has reached', async () => {
  await database.query('create table positions (id int primary key)')
  const before = await position()
  const { v1, v2 } = await seen(
    'positions',
    ['id'],
    `begin; select pg_logical_emit_message(true, 'note', 'hello'); insert into positions values (1); commit`,
    1,
  )
  expect(v1).toHaveLength(1)
  expect(v2).toHaveLength(1)
  expect(v2[0]?.lsn).toBeUndefined()
  expect(
    await database.rows('select $1::pg_lsn > $2 as later, $1::pg_lsn < $3 as reached', [
      v1[0]?.lsn,
      before,
      await position(),
    ]),
  ).toEqual([{ later: true, reached: true }])
})

async function position(): Promise<string> {
  const [row] = await database.rows<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn')
  return row!.lsn
}

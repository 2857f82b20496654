import { describe, expect, test } from 'vitest'
import type { WALEvent } from '../../core/events/wal-event.ts'
import { captures } from '../../../test/support/captures.ts'
import { testDatabase } from '../../../test/support/postgres.ts'

const database = testDatabase()
const capture = captures(database)

/** Every row's own properties, so that a missing column and `undefined` are told apart. */
const plain = (events: readonly WALEvent[]): unknown[] =>
  events.map(({ action, data, dataOld }) => ({
    action,
    ...(data ? { data: Object.fromEntries(Object.entries(data)) } : {}),
    ...(dataOld ? { dataOld: Object.fromEntries(Object.entries(dataOld)) } : {}),
  }))

const longText = (letter: string): string =>
  `(select string_agg(md5('${letter}' || g), '') from generate_series(1, 200) g)`

describe('kinds of change', () => {
  test('INSERT, UPDATE, DELETE and TRUNCATE, with the transaction they belong to', async () => {
    await database.query(`
      create table kinds (id int primary key, title text, author_id int);
      alter table kinds replica identity full;
      create table kinds2 (id int primary key)`)
    const running = await capture.start([
      { table: 'kinds', oldColumns: ['id', 'author_id'] },
      { table: 'kinds2', oldColumns: ['id'] },
    ])
    const client = await database.client()
    await client.query('begin')
    const [{ xid }] = (await client.query<{ xid: string }>('select pg_current_xact_id()::text as xid'))
      .rows as [{ xid: string }]
    await client.query(`insert into kinds values (1, 'Emma', null)`)
    await client.query(`update kinds set title = 'Persuasion' where id = 1`)
    await client.query(`delete from kinds`)
    await client.query(`truncate kinds, kinds2`)
    const before = Date.now()
    await client.query('commit')

    const events = await running.untilEvents(5)
    expect(plain(events)).toEqual([
      { action: 'INSERT', data: { id: '1', title: 'Emma', author_id: null } },
      {
        action: 'UPDATE',
        data: { id: '1', title: 'Persuasion', author_id: null },
        dataOld: { id: '1', title: 'Emma', author_id: null },
      },
      { action: 'DELETE', dataOld: { id: '1', title: 'Persuasion', author_id: null } },
      { action: 'TRUNCATE' },
      { action: 'TRUNCATE' },
    ])
    expect(events.map((event) => event.table)).toEqual(['kinds', 'kinds', 'kinds', 'kinds', 'kinds2'])
    expect(new Set(events.map((event) => event.schema))).toEqual(new Set(['public']))
    expect(new Set(events.map((event) => event.xid))).toEqual(new Set([Number(BigInt(xid) & 0xffffffffn)]))
    const committedAt = Date.parse(String(events[0]?.commitTime))
    expect(Math.abs(committedAt - before)).toBeLessThan(5_000)
  })

  test('the columns that somebody reads, and no others', async () => {
    await database.query(`
      create table wide (id int primary key, title text, body text, note text);
      alter table wide alter body set storage external, replica identity full;
      insert into wide values (1, 'Emma', ${longText('b')}, 'x')`)
    const running = await capture.start([
      { table: 'wide', oldColumns: ['id'], columns: ['id', 'title'] },
      { schema: 'public', table: 'wide', oldColumns: ['id'], columns: ['title'] },
    ])
    await database.query(`update wide set note = null, title = 'Persuasion' where id = 1`)
    await database.query('alter table wide replica identity default')
    await database.query('update wide set id = 2, body = note where id = 1')
    await database.query('delete from wide')
    expect(plain(await running.untilEvents(3))).toEqual([
      { action: 'UPDATE', data: { id: '1', title: 'Persuasion' }, dataOld: { id: '1', title: 'Emma' } },
      { action: 'UPDATE', data: { id: '2', title: 'Persuasion' }, dataOld: { id: '1' } },
      { action: 'DELETE', dataOld: { id: '2' } },
    ])
  })

  test("an event's position is passed once its transaction's commit is, and not before", async () => {
    await database.query('create table positions (id int primary key)')
    const running = await capture.start([{ table: 'positions', oldColumns: ['id'] }])
    const before = await database.rows<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn')
    await database.query('insert into positions values (1)')
    const after = await database.rows<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn')
    const [event] = await running.untilEvents(1)
    expect(
      await database.rows('select $1::pg_lsn > $2 as later, $1::pg_lsn <= $3 as reached', [
        event?.lsn,
        before[0]?.lsn,
        after[0]?.lsn,
      ]),
    ).toEqual([{ later: true, reached: true }])
  })

  test('what was rolled back never comes, be it a transaction or a savepoint', async () => {
    await database.query('create table undone (id int primary key)')
    const running = await capture.start([{ table: 'undone', oldColumns: ['id'] }])
    await database.query('begin; insert into undone values (1); rollback')
    await database.query(`
      begin; insert into undone values (2); savepoint s; insert into undone values (3);
      rollback to s; insert into undone values (4); release s; commit`)
    await database.query('insert into undone values (5)')
    const events = await running.untilEvents(3)
    expect(events.map((event) => event.data?.['id'])).toEqual(['2', '4', '5'])
    expect(events[0]?.xid).toBe(events[1]?.xid)
  })

  test('a table that nobody asked for is left out, even if it is published', async () => {
    await database.query(
      'create table asked (id int primary key); create table not_asked (id int primary key)',
    )
    await database.query(`create publication ${capture.name()} for all tables`)
    const running = await capture.start([{ table: 'asked', oldColumns: ['id'] }])
    await database.query(
      'insert into not_asked values (1); insert into asked values (1); truncate not_asked, asked',
    )
    const events = await running.untilEvents(2)
    expect(events.map((event) => [event.action, event.table])).toEqual([
      ['INSERT', 'asked'],
      ['TRUNCATE', 'asked'],
    ])
  })

  test('equal names in two Postgres schemas are two tables', async () => {
    await database.query(`
      create schema one; create schema two;
      create table one.same (id int primary key); create table two.same (id int primary key)`)
    const running = await capture.start([
      { schema: 'one', table: 'same', oldColumns: ['id'] },
      { schema: 'two', table: 'same', oldColumns: ['id'] },
    ])
    await database.query('insert into two.same values (2); insert into one.same values (1)')
    const events = await running.untilEvents(2)
    expect(events.map((event) => [event.schema, event.table])).toEqual([
      ['two', 'same'],
      ['one', 'same'],
    ])
  })
})

describe('old rows', () => {
  test('under FULL every old value is there, unchanged TOAST included', async () => {
    await database.query(`
      create table full_identity (id int primary key, title text, body text);
      alter table full_identity alter body set storage external;
      alter table full_identity replica identity full;
      insert into full_identity values (1, 'a', ${longText('x')})`)
    const running = await capture.start([{ table: 'full_identity', oldColumns: ['id', 'title'] }])
    await database.query(`update full_identity set title = 'b'`)
    await database.query('update full_identity set body = null, id = 2')
    const events = await running.untilEvents(2)
    const [{ body }] = (await database.rows<{ body: string }>(`select ${longText('x')} as body`)) as [
      { body: string },
    ]
    expect(body.length).toBe(6400)
    expect(plain(events)).toEqual([
      { action: 'UPDATE', data: { id: '1', title: 'b', body }, dataOld: { id: '1', title: 'a', body } },
      { action: 'UPDATE', data: { id: '2', title: 'b', body: null }, dataOld: { id: '1', title: 'b', body } },
    ])
  })

  test('under DEFAULT only the key is, and an unchanged TOAST value is unknown, not NULL', async () => {
    await database.query(`
      create table default_identity (id int primary key, title text, body text);
      alter table default_identity alter body set storage external;
      insert into default_identity values (1, 'a', ${longText('y')})`)
    const running = await capture.start([{ table: 'default_identity', oldColumns: ['id'] }])
    await database.query(`update default_identity set title = null`)
    await database.query(`update default_identity set id = 2`)
    await database.query(`delete from default_identity`)
    expect(plain(await running.untilEvents(3))).toEqual([
      { action: 'UPDATE', data: { id: '1', title: null }, dataOld: { id: '1' } },
      { action: 'UPDATE', data: { id: '2', title: null }, dataOld: { id: '1' } },
      { action: 'DELETE', dataOld: { id: '2' } },
    ])
  })

  test('under an index its columns are', async () => {
    await database.query(`
      create table index_identity (id int primary key, a int not null, b int not null, title text);
      create unique index by_a_b on index_identity (b, a) include (title);
      alter table index_identity replica identity using index by_a_b;
      insert into index_identity values (1, 10, 20, 'x')`)
    const running = await capture.start([{ table: 'index_identity', oldColumns: ['a'] }])
    await database.query(`update index_identity set title = 'y'`)
    await database.query(`update index_identity set a = 11, id = 2`)
    await database.query(`delete from index_identity`)
    expect(plain(await running.untilEvents(3))).toEqual([
      { action: 'UPDATE', data: { id: '1', a: '10', b: '20', title: 'y' }, dataOld: { a: '10', b: '20' } },
      { action: 'UPDATE', data: { id: '2', a: '11', b: '20', title: 'y' }, dataOld: { a: '10', b: '20' } },
      { action: 'DELETE', dataOld: { a: '11', b: '20' } },
    ])
  })

  test('a key that is itself TOASTed is known', async () => {
    await database.query(`
      create table long_key (key text, title text);
      alter table long_key alter key set storage external;
      insert into long_key values (repeat('k', 2500), 'a');
      alter table long_key add primary key (key)`)
    const running = await capture.start([{ table: 'long_key', oldColumns: ['key'] }])
    await database.query(`update long_key set title = 'b'`)
    await database.query(`delete from long_key`)
    const key = 'k'.repeat(2500)
    expect(plain(await running.untilEvents(2))).toEqual([
      { action: 'UPDATE', data: { key, title: 'b' }, dataOld: { key } },
      { action: 'DELETE', dataOld: { key } },
    ])
  })

  test('an identity that is lowered while streaming stops the stream, naming the table', async () => {
    await database.query(`
      create table lowered (id int primary key, parent_id int);
      alter table lowered replica identity full;
      insert into lowered values (1, 1)`)
    const running = await capture.start([{ table: 'lowered', oldColumns: ['id', 'parent_id'] }])
    await database.query(`alter table lowered replica identity default`)
    await database.query(`insert into lowered values (2, 1)`)
    await running.untilEvents(1)
    await database.query(`update lowered set parent_id = 2`)
    await expect(running.ended).rejects.toMatchObject({
      code: 'REPLICA_IDENTITY_INSUFFICIENT',
      message:
        'Table "lowered": an UPDATE or DELETE doesn\'t tell the old value of "parent_id" (replica identity is DEFAULT, ' +
        'which covers only "id"). Run: ALTER TABLE "public"."lowered" REPLICA IDENTITY FULL;',
    })
  })

  test('with oldRow: warn it goes on, and the column is unknown', async () => {
    await database.query(
      `create table warned (id int primary key, parent_id int); insert into warned values (1, 1)`,
    )
    const running = await capture.start([{ table: 'warned', oldColumns: ['id', 'parent_id'] }], {
      oldRow: 'warn',
    })
    await database.query(`update warned set parent_id = 2`)
    await database.query(`delete from warned`)
    expect(plain(await running.untilEvents(2))).toEqual([
      { action: 'UPDATE', data: { id: '1', parent_id: '2' }, dataOld: { id: '1' } },
      { action: 'DELETE', dataOld: { id: '1' } },
    ])
    expect(running.happened.filter((event) => event.type === 'warning')).toEqual([
      {
        type: 'warning',
        code: 'REPLICA_IDENTITY_INSUFFICIENT',
        message: expect.stringContaining('"warned"'),
      },
    ])
  })
})

describe('values', () => {
  test('are text as Postgres prints it, whatever the database prefers', async () => {
    await database.query(`
      create table forms (
        id int primary key, big int8, exact numeric, real8 float8, day date, moment timestamptz, span interval,
        bytes bytea, document jsonb, list int[], truth bool
      );
      alter database ${database.name} set timezone = 'Asia/Kolkata';
      alter database ${database.name} set datestyle = 'SQL, DMY';
      alter database ${database.name} set intervalstyle = 'iso_8601';
      alter database ${database.name} set bytea_output = 'escape';
      alter database ${database.name} set extra_float_digits = 0`)
    const running = await capture.start([{ table: 'forms', oldColumns: ['id'] }])
    await database.query(`
      insert into forms values (
        1, 9007199254740993, 1.00, 0.1::float8 + 0.2::float8, '2026-11-22', '2026-11-22 12:00:00.123456+00', '1 day 02:00',
        '\\x00ff', '{"n": 9007199254740993}', '{1,NULL,3}', true)`)
    expect(plain(await running.untilEvents(1))).toEqual([
      {
        action: 'INSERT',
        data: {
          id: '1',
          big: '9007199254740993',
          exact: '1.00',
          real8: '0.30000000000000004',
          day: '2026-11-22',
          moment: '2026-11-22 12:00:00.123456+00',
          span: '1 day 02:00:00',
          bytes: '\\x00ff',
          document: '{"n": 9007199254740993}',
          list: '{1,NULL,3}',
          truth: 't',
        },
      },
    ])
  })

  test('NULL, the empty text, emoji and every length around the short path', async () => {
    await database.query('create table texts (id int primary key, a text, b text)')
    const running = await capture.start([{ table: 'texts', oldColumns: ['id'] }])
    const texts = [
      '',
      'é',
      '🦉',
      'ab🦉c',
      '12345678',
      '123456789',
      '1234567é',
      '12345678é',
      'x'.repeat(100_000),
    ]
    for (const [id, text] of texts.entries())
      await database.query('insert into texts values ($1, $2, null)', [id, text])
    const events = await running.untilEvents(texts.length)
    expect(events.map((event) => event.data?.['a'])).toEqual(texts)
    expect(new Set(events.map((event) => event.data?.['b']))).toEqual(new Set([null]))
  })

  test('quotes, emoji, 63 bytes and names of Object.prototype are names like any other', async () => {
    const long = 'é'.repeat(31) + 'x'
    await database.query(`
      create schema "we ""ird"; create table "we ""ird"."🦉 'owl' \\ $1" (
        "id" int primary key, "__proto__" text, "constructor" text, "a ""b""" text, "${long}" text)`)
    const table = `🦉 'owl' \\ $1`
    const running = await capture.start([{ schema: 'we "ird', table, oldColumns: ['id'] }], {
      publication: long,
    })
    await database.query(`insert into "we ""ird"."🦉 'owl' \\ $1" values (1, 'p', 'c', 'q', 'l')`)
    const [event] = await running.untilEvents(1)
    expect(event).toMatchObject({ schema: 'we "ird', table })
    expect(Object.entries(event?.data ?? {})).toEqual([
      ['id', '1'],
      ['__proto__', 'p'],
      ['constructor', 'c'],
      ['a "b"', 'q'],
      [long, 'l'],
    ])
  })

  test('a column called constructor that was not sent is not found', async () => {
    await database.query(`create table inherited ("id" int primary key, "constructor" text, "toString" text)`)
    const running = await capture.start([{ table: 'inherited', oldColumns: ['id'] }])
    await database.query(`insert into inherited values (1, 'x', 'y'); delete from inherited`)
    const events = await running.untilEvents(2)
    expect(events[1]?.dataOld?.['constructor']).toBeUndefined()
    expect(events[1]?.dataOld?.['toString']).toBeUndefined()
  })
})

describe('changes of a table', () => {
  test('added, renamed, retyped and dropped columns, in the middle of the stream and of a transaction', async () => {
    await database.query(
      `create table altered (id int primary key, a int); alter table altered replica identity full`,
    )
    const running = await capture.start([{ table: 'altered', oldColumns: ['id'] }])
    await database.query('insert into altered values (1, 1)')
    await database.query(`
      begin;
      alter table altered add b text default 'x'; update altered set a = 2;
      alter table altered rename a to c; update altered set c = 3;
      commit`)
    await database.query(`alter table altered alter c type text using c || '!'; update altered set b = null`)
    await database.query(`alter table altered drop b; delete from altered`)
    expect(plain(await running.untilEvents(5))).toEqual([
      { action: 'INSERT', data: { id: '1', a: '1' } },
      { action: 'UPDATE', data: { id: '1', a: '2', b: 'x' }, dataOld: { id: '1', a: '1', b: 'x' } },
      { action: 'UPDATE', data: { id: '1', c: '3', b: 'x' }, dataOld: { id: '1', c: '2', b: 'x' } },
      { action: 'UPDATE', data: { id: '1', c: '3!', b: null }, dataOld: { id: '1', c: '3!', b: 'x' } },
      { action: 'DELETE', dataOld: { id: '1', c: '3!' } },
    ])
  })

  test('a link column that is renamed stops the stream at the first change that needs it', async () => {
    await database.query(
      `create table renamed (id int primary key, parent_id int); alter table renamed replica identity full`,
    )
    const running = await capture.start([{ table: 'renamed', oldColumns: ['id', 'parent_id'] }])
    await database.query(
      'alter table renamed rename parent_id to owner_id; insert into renamed values (1, 1)',
    )
    await database.query('delete from renamed')
    await expect(running.ended).rejects.toMatchObject({
      code: 'COLUMN_MISSING',
      message: expect.stringContaining('Table "renamed" sends no column "parent_id"'),
    })
  })
})

describe('partitioned tables', () => {
  const makeParts = (name: string): string => `
    create table ${name} (id int, day int, title text, primary key (id, day)) partition by list (day);
    create table ${name}_1 partition of ${name} for values in (1);
    create table ${name}_2 (title text, day int not null, id int not null);
    alter table ${name} attach partition ${name}_2 for values in (2);`

  test('come under their own name', async () => {
    await database.query(`${makeParts('parts')}
      alter table parts replica identity full; alter table parts_1 replica identity full;
      alter table parts_2 replica identity full`)
    const running = await capture.start([{ table: 'parts', oldColumns: ['id', 'title'] }])
    await database.query(`insert into parts values (1, 1, 'a'), (2, 2, 'b')`)
    await database.query(`update parts set title = null`)
    await database.query(`truncate parts`)
    const events = await running.untilEvents(5)
    expect(new Set(events.map((event) => event.table))).toEqual(new Set(['parts']))
    expect(plain(events)).toEqual([
      { action: 'INSERT', data: { id: '1', day: '1', title: 'a' } },
      { action: 'INSERT', data: { id: '2', day: '2', title: 'b' } },
      {
        action: 'UPDATE',
        data: { id: '1', day: '1', title: null },
        dataOld: { id: '1', day: '1', title: 'a' },
      },
      {
        action: 'UPDATE',
        data: { id: '2', day: '2', title: null },
        dataOld: { id: '2', day: '2', title: 'b' },
      },
      { action: 'TRUNCATE' },
    ])
  })

  test('a partition made later without the identity of the table is found by its first row', async () => {
    await database.query(`${makeParts('grown')}
      alter table grown replica identity full; alter table grown_1 replica identity full;
      alter table grown_2 replica identity full`)
    const running = await capture.start([{ table: 'grown', oldColumns: ['id', 'title'] }])
    await database.query(`create table grown_3 partition of grown for values in (3)`)
    await database.query(`insert into grown values (1, 1, 'a'); insert into grown values (3, 3, 'c')`)
    await database.query(`update grown set title = 'd' where id = 3`)
    await expect(running.ended).rejects.toMatchObject({
      code: 'REPLICA_IDENTITY_INSUFFICIENT',
      message: expect.stringContaining('ALTER TABLE "public"."grown_3" REPLICA IDENTITY FULL;'),
    })
  })

  test('with oldRow: warn its old rows hold what that partition tells, and nothing made up', async () => {
    await database.query(`${makeParts('mixed')}
      alter table mixed replica identity full; alter table mixed_1 replica identity full`)
    const running = await capture.start([{ table: 'mixed', oldColumns: ['id', 'title'] }], { oldRow: 'warn' })
    await database.query(`insert into mixed values (2, 2, 'b')`)
    await database.query(`update mixed set title = 'c'`)
    await database.query(`update mixed set id = 3`)
    await database.query(`delete from mixed`)
    const events = await running.untilEvents(4)
    expect(plain(events.slice(1))).toEqual([
      { action: 'UPDATE', data: { id: '2', day: '2', title: 'c' }, dataOld: { id: '2', day: '2' } },
      { action: 'UPDATE', data: { id: '3', day: '2', title: 'c' }, dataOld: { id: '2', day: '2' } },
      { action: 'DELETE', dataOld: { id: '3', day: '2' } },
    ])
  })
})

import { describe, expect, test } from 'vitest'
import type { TableRequirement } from '../../../core/capture/source.ts'
import { type CaptureOptions, captures } from '../../../../test/support/captures.ts'
import { testDatabase } from '../../../../test/support/postgres.ts'

const database = testDatabase({
  setup: `
    create table author (id int primary key, name text);
    create table review (id int primary key, "bookId" int);
    create table book (id int primary key);
    create view shelf as select * from book;
    create materialized view stock as select * from book;
    create foreign data wrapper nowhere;
    create server elsewhere foreign data wrapper nowhere;
    create foreign table lent (id int) server elsewhere;
    create table bare (id int);
    create unlogged table draft (id int primary key);
    create table nothing (id int primary key);
    alter table nothing replica identity nothing;
    create table computed (id int primary key, twice int generated always as (id * 2) stored);
    alter table computed replica identity full;
    create table base (id int primary key);
    create table heir () inherits (base);
    create table log (id int, day int, primary key (id, day)) partition by list (day);
    create table log_1 partition of log for values in (1);
  `,
})
const capture = captures(database)

const author: TableRequirement = { table: 'author', oldColumns: ['id'] }

async function failure(
  tables: readonly TableRequirement[],
  options: CaptureOptions = {},
): Promise<[string, string]> {
  const running = capture.begin(tables, options)
  try {
    await running.until(() => running.happened.some((event) => event.type === 'connected'))
    return ['none', '']
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    return [code, message]
  } finally {
    await running.source.stop()
  }
}

const publish = (rest: string): Promise<unknown> =>
  database.query(`create publication ${capture.name()} ${rest}`)

// Names that begin with pg_ are Postgres's own.
const roleName = (name: string): string => `role_${name}_of_${capture.name()}`.slice(0, 63)

async function asRole(name: string, attributes: string, use: (url: string) => Promise<void>): Promise<void> {
  const role = roleName(name)
  await database.query(`create role ${role} login ${attributes} password 'secret'`)
  const url = new URL(database.url)
  url.username = role
  url.password = 'secret'
  try {
    await use(url.href)
  } finally {
    await database.query(`drop role ${role}`)
  }
}

describe('tables', () => {
  test('that do not exist, or are no tables', async () => {
    expect(await failure([{ table: 'gone', oldColumns: [] }])).toEqual([
      'TABLE_MISSING',
      'Table "gone" does not exist in Postgres schema "public". Create it, or name its schema.',
    ])
    expect(await failure([{ table: 'shelf', oldColumns: [] }])).toEqual([
      'TABLE_NOT_CAPTURABLE',
      '"public"."shelf" is a view, which has no changes of its own. Name the tables beneath it.',
    ])
    expect(await failure([{ table: 'stock', oldColumns: [] }])).toEqual([
      'TABLE_NOT_CAPTURABLE',
      '"public"."stock" is a materialized view, which has no changes of its own. Name the tables beneath it.',
    ])
    expect(await failure([{ table: 'lent', oldColumns: [] }])).toEqual([
      'TABLE_NOT_CAPTURABLE',
      '"lent" is a foreign table, whose changes are in the WAL of another server. Capture it there.',
    ])
    expect(await failure([{ table: 'draft', oldColumns: [] }])).toEqual([
      'TABLE_NOT_CAPTURABLE',
      'Table "draft" is unlogged or temporary, so its changes are not in the WAL. Run: ALTER TABLE "public"."draft" SET LOGGED;',
    ])
  })

  test('whose replica identity does not tell what is needed', async () => {
    expect(await failure([{ table: 'review', oldColumns: ['id', 'bookId'] }])).toEqual([
      'REPLICA_IDENTITY_INSUFFICIENT',
      'Table "review": an UPDATE or DELETE doesn\'t tell the old value of "bookId" (replica identity is DEFAULT, which ' +
        'covers only "id"). Run: ALTER TABLE "public"."review" REPLICA IDENTITY FULL;',
    ])
    expect(
      await failure([
        { table: 'review', oldColumns: ['id'] },
        { table: 'review', oldColumns: ['bookId'] },
      ]),
    ).toEqual(await failure([{ table: 'review', oldColumns: ['id', 'bookId'] }]))
  })

  test('that Postgres would not let be updated once they are published', async () => {
    expect(await failure([{ table: 'bare', oldColumns: [] }])).toEqual([
      'REPLICA_IDENTITY_INSUFFICIENT',
      'Table "bare": published, it could not be updated: its replica identity is DEFAULT without a primary key. ' +
        'Run: ALTER TABLE "public"."bare" REPLICA IDENTITY FULL;',
    ])
    // Not even with oldRow: warn, for it is the application that would fail.
    expect(await failure([{ table: 'nothing', oldColumns: [] }], { oldRow: 'warn' })).toEqual([
      'REPLICA_IDENTITY_INSUFFICIENT',
      'Table "nothing": published, it could not be updated: its replica identity is NOTHING. ' +
        'Run: ALTER TABLE "public"."nothing" REPLICA IDENTITY FULL;',
    ])
    await database.query('insert into bare values (1); update bare set id = 2; delete from bare')
  })

  test('without a needed column', async () => {
    const [code, message] = await failure([{ table: 'author', oldColumns: ['id', 'organization'] }])
    expect(code).toBe('COLUMN_MISSING')
    expect(message).toContain('Table "author" sends no column "organization"')
  })

  test('that are inherited are warned of', async () => {
    const running = await capture.start([{ table: 'base', oldColumns: ['id'] }])
    expect(running.happened.find((event) => event.type === 'warning')).toMatchObject({
      message: expect.stringContaining('Table "base" is inherited by "heir"'),
    })
  })

  test('no table at all', async () => {
    expect((await failure([]))[0]).toBe('OPTION_INVALID')
  })

  test('all problems come in one error', async () => {
    const [code, message] = await failure([
      author,
      { table: 'gone', oldColumns: [] },
      { table: 'review', oldColumns: ['bookId'] },
      { table: 'bare', oldColumns: [] },
    ])
    expect(code).toBe('TABLE_MISSING')
    expect(message.split('\n').map((line) => line.slice(0, 40))).toEqual([
      '3 things keep the tables from being capt',
      '- Table "gone" does not exist in Postgre',
      '- Table "bare": published, it could not ',
      '- Table "review": an UPDATE or DELETE do',
    ])
    expect(await database.rows('select 1 from pg_publication where pubname = $1', [capture.name()])).toEqual(
      [],
    )
  })
})

describe('the publication', () => {
  test('is missing and not to be created', async () => {
    expect(await failure([author], { createPublication: false })).toEqual([
      'PUBLICATION_MISSING',
      `Publication "${capture.name()}" does not exist. Run: CREATE PUBLICATION "${capture.name()}" FOR TABLE ` +
        '"public"."author" WITH (publish_via_partition_root = true); or set createPublication.',
    ])
  })

  test('is missing while the slot is there', async () => {
    await database.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [capture.name()])
    const [code, message] = await failure([author])
    expect(code).toBe('PUBLICATION_MISSING')
    expect(message).toContain(`Run: SELECT pg_drop_replication_slot('${capture.name()}'); CREATE PUBLICATION`)
  })

  test('lacks a table', async () => {
    await publish('for table author')
    expect(await failure([author, { table: 'book', oldColumns: ['id'] }])).toEqual([
      'PUBLICATION_INCOMPLETE',
      `Publication "${capture.name()}" does not have table "book". ` +
        `Run: ALTER PUBLICATION "${capture.name()}" ADD TABLE "public"."book";`,
    ])
  })

  test('leaves out kinds of changes', async () => {
    await publish(`for table author with (publish = 'insert, update')`)
    expect(await failure([author])).toEqual([
      'PUBLICATION_INCOMPLETE',
      `Publication "${capture.name()}" leaves out some kinds of changes. ` +
        `Run: ALTER PUBLICATION "${capture.name()}" SET (publish = 'insert, update, delete, truncate');`,
    ])
  })

  test('sends only some rows', async () => {
    await publish('for table author where (id > 10)')
    expect((await failure([author]))[1]).toBe(
      `Publication "${capture.name()}" sends only some rows of table "author". ` +
        `Run: ALTER PUBLICATION "${capture.name()}" DROP TABLE "public"."author"; ` +
        `ALTER PUBLICATION "${capture.name()}" ADD TABLE "public"."author";`,
    )
  })

  test('leaves out a needed column, or one that it need not have', async () => {
    await database.query(`
      create table columns_of (id int not null, a int not null, b int, primary key (id, a))`)
    await publish('for table columns_of (id, a)')
    expect((await failure([{ table: 'columns_of', oldColumns: ['id', 'b'] }]))[0]).toBe('COLUMN_MISSING')
    const running = await capture.start([{ table: 'columns_of', oldColumns: ['id'] }])
    await database.query('insert into columns_of values (1, 2, 3)')
    const [event] = await running.untilEvents(1)
    expect(Object.entries(event?.data ?? {})).toEqual([
      ['id', '1'],
      ['a', '2'],
    ])
  })

  test('does not send a generated column that is needed', async () => {
    expect((await failure([{ table: 'computed', oldColumns: ['twice'] }]))[0]).toBe('COLUMN_MISSING')
  })

  test("sends a partitioned table under its partitions' names, or the other way round", async () => {
    await publish('for table log')
    expect(await failure([{ table: 'log', oldColumns: ['id'] }])).toEqual([
      'PUBLICATION_INCOMPLETE',
      `Table "log" is partitioned, and publication "${capture.name()}" sends its changes under its partitions' names. ` +
        `Run: ALTER PUBLICATION "${capture.name()}" SET (publish_via_partition_root = true);`,
    ])
    await database.query(`alter publication ${capture.name()} set (publish_via_partition_root = true)`)
    const [code, message] = await failure([{ table: 'log_1', oldColumns: ['id'] }])
    expect(code).toBe('PUBLICATION_INCOMPLETE')
    expect(message).toContain('Table "log_1" is a partition')
  })

  test('of all tables will do', async () => {
    await publish('for all tables')
    await capture.start([author])
  })

  test('made for a table and its partition is found unfit at once', async () => {
    const tables = [
      { table: 'log', oldColumns: ['id'] },
      { table: 'log_1', oldColumns: ['id'] },
    ]
    expect((await failure(tables))[1]).toContain('Table "log_1" is a partition')
  })
})

describe('the slot', () => {
  test('is missing and not to be created', async () => {
    expect(await failure([author], { createSlot: false })).toEqual([
      'SLOT_MISSING',
      `Replication slot "${capture.name()}" does not exist. ` +
        `Run: SELECT pg_create_logical_replication_slot('${capture.name()}', 'pgoutput'); or set createSlot.`,
    ])
  })

  test('is of another plugin', async () => {
    await database.query(`select pg_create_logical_replication_slot($1, 'test_decoding')`, [capture.name()])
    await publish('for table author')
    const [code, message] = await failure([author])
    expect(code).toBe('SLOT_WRONG_PLUGIN')
    expect(message).toContain('is for the plugin test_decoding')
  })

  test('is a physical one', async () => {
    await database.query(`select pg_create_physical_replication_slot($1)`, [capture.name()])
    await publish('for table author')
    const [code, message] = await failure([author])
    expect(code).toBe('SLOT_WRONG_PLUGIN')
    expect(message).toContain('is a physical one')
  })

  test('belongs to another database', async () => {
    const url = new URL(database.url)
    url.pathname = '/postgres'
    const admin = await database.client({ connectionString: url.href })
    await admin.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [capture.name()])
    await publish('for table author')
    const [code, message] = await failure([author])
    expect(code).toBe('SLOT_WRONG_PLUGIN')
    expect(message).toContain(`belongs to database "postgres", not to "${database.name}"`)
    await admin.query('select pg_drop_replication_slot($1)', [capture.name()])
  })
})

describe('the role', () => {
  test('that may not replicate is told with everything else', async () => {
    await asRole('plain', '', async (connection) => {
      const [code, message] = await failure([author, { table: 'gone', oldColumns: [] }], { connection })
      expect(code).toBe('REPLICATION_PERMISSION_MISSING')
      expect(message).toContain(`ALTER ROLE "${roleName('plain')}" REPLICATION;`)
      expect(message).toContain('Table "gone" does not exist')
    })
  })

  test('that may not publish is told what its owner runs', async () => {
    await asRole('mute', 'replication', async (connection) => {
      const [code, message] = await failure([author], { connection })
      expect(code).toBe('REPLICATION_PERMISSION_MISSING')
      expect(message).toContain(`Run as the tables' owner, with CREATE on the database: CREATE PUBLICATION`)
    })
  })

  test('with REPLICATION alone may stream what was published for it', async () => {
    await publish('for table author')
    await asRole('enough', 'replication', async (connection) => {
      const running = await capture.start([author], { connection })
      await database.query(`insert into author values (1, 'Austen')`)
      await running.untilEvents(1)
      await running.source.stop()
    })
  })

  test('that does not exist, in a database that does not', async () => {
    const url = new URL(database.url)
    url.username = 'nobody_of_this_name'
    expect((await failure([author], { connection: url.href }))[0]).toBe('CONNECTION_FAILED')
    const elsewhere = new URL(database.url)
    elsewhere.pathname = '/no_database_of_this_name'
    expect((await failure([author], { connection: elsewhere.href }))[0]).toBe('CONNECTION_FAILED')
  })

  test('an URL that is none is told without its password', async () => {
    const [code, message] = await failure([author], { connection: 'postgres://a:secret@host:port/x' })
    expect(code).toBe('OPTION_INVALID')
    expect(message).not.toContain('secret')
  })
})

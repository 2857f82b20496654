import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import { keyText } from '../events/key-text.ts'
import { getRootIdsFromEvent } from '../root-ids/get-root-ids-from-event.ts'
import type { RootSchema } from '../schema/schema.ts'
import { buildSchemaQuery } from './build-schema-query.ts'
import { readObjects } from './read-objects.ts'

const database = testDatabase()

interface IdType {
  readonly type: string
  /** As Postgres prints the ids of the two rows there are, and one of a row there is not. */
  readonly present: readonly [string, string]
  readonly absent: string
  /** Other forms in which the first row's id may be asked for. */
  readonly alsoAskedAs?: readonly unknown[]
}

const idTypes: readonly IdType[] = [
  { type: 'text', present: ['', 'it\'s "\\ $1 {,} 📚'], absent: 'null', alsoAskedAs: [] },
  { type: 'varchar(5)', present: ['a', ' b '], absent: 'c' },
  { type: 'char(4)', present: ['a   ', 'b   '], absent: 'c   ', alsoAskedAs: ['a'] },
  { type: 'name', present: ['a', 'b'], absent: 'c' },
  { type: 'int2', present: ['1', '-2'], absent: '3', alsoAskedAs: [1, '01', ' 1'] },
  { type: 'int', present: ['1', '-2147483648'], absent: '0', alsoAskedAs: [1, 1n, '+1'] },
  {
    type: 'bigint',
    present: ['9007199254740993', '-9223372036854775808'],
    absent: '9007199254740992',
    alsoAskedAs: [9007199254740993n],
  },
  {
    type: 'numeric',
    present: ['1.0', '12345678901234567890.12'],
    absent: '1.01',
    alsoAskedAs: ['1.00', '1', 1],
  },
  { type: 'float8', present: ['0.1', 'Infinity'], absent: 'NaN', alsoAskedAs: [0.1] },
  { type: 'boolean', present: ['true', 'false'], absent: '', alsoAskedAs: [true, 't'] },
  {
    type: 'uuid',
    present: ['0b7cb4e8-3a0e-4f5c-9a52-5d2a3b1f6a01', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
    absent: '00000000-0000-0000-0000-000000000000',
    alsoAskedAs: ['0B7CB4E8-3A0E-4F5C-9A52-5D2A3B1F6A01', '{0b7cb4e83a0e4f5c9a525d2a3b1f6a01}'],
  },
  {
    type: 'date',
    present: ['2026-01-31', '0044-03-15 BC'],
    absent: '2026-02-01',
    alsoAskedAs: [new Date(2026, 0, 31)],
  },
  {
    type: 'timestamptz',
    present: ['2026-01-31 12:34:56.123456+00', 'infinity'],
    absent: '2026-01-31 12:34:56.123457+00',
    alsoAskedAs: ['2026-01-31T14:34:56.123456+02:00'],
  },
  {
    type: 'timestamp',
    present: ['2026-01-31 12:34:56.5', '-infinity'],
    absent: '2026-01-31 12:34:56',
    alsoAskedAs: [new Date(2026, 0, 31, 12, 34, 56, 500)],
  },
  {
    type: 'bytea',
    present: ['\\x00ff', '\\x'],
    absent: '\\x01',
    alsoAskedAs: [Buffer.from([0, 255]), '\\x00FF'],
  },
  { type: 'inet', present: ['10.0.0.1', '::1'], absent: '10.0.0.2', alsoAskedAs: ['10.0.0.1/32'] },
  { type: 'mood', present: ['it\'s "fine"', 'bad'], absent: 'none' },
  { type: 'code', present: ['a', 'b'], absent: 'c' },
]

const types = idTypes.filter(({ type }) => type !== 'boolean')

function schemaOf(table: string): RootSchema {
  return {
    table,
    primaryKey: 'id',
    schema: { type: 'object', properties: { title: { type: 'column', column: 'title' } } },
  }
}

async function tableOf({ type, present }: IdType): Promise<string> {
  const table = `of ${type}`
  await database.query(`drop table if exists "${table}"`)
  if (type === 'mood')
    await database.query(`drop type if exists mood; create type mood as enum ('it''s "fine"', 'bad', 'none')`)
  if (type === 'code')
    await database.query(`drop domain if exists code; create domain code as text check (value <> '')`)
  await database.query(`create table "${table}" (id ${type} primary key, title text)`)
  await database.query(`insert into "${table}" values ($1, 'first'), ($2, 'second')`, [...present])
  return table
}

describe('ids of any type', () => {
  test.each(types)('$type: an id is one string, with a row and without', async (idType) => {
    const table = await tableOf(idType)
    const { present, absent } = idType
    const asked = [...present, absent]

    const before = await readObjects(schemaOf(table), asked, database)
    expect(new Set(before.present.map(({ id }) => id))).toEqual(new Set(present))
    expect(before.absent).toEqual([absent])

    await database.query(`delete from "${table}"`)
    const after = await readObjects(schemaOf(table), asked, database)
    expect(after.present).toEqual([])
    expect(new Set(after.absent)).toEqual(new Set(asked))
  })

  const otherForms = types.flatMap((idType) =>
    (idType.alsoAskedAs ?? []).map((form) => [idType.type, form, idType] as const),
  )

  test.each(otherForms)("%s: asked as %o, it comes back as the row's own", async (_, form, idType) => {
    const table = await tableOf(idType)
    const { present, absent } = await readObjects(schemaOf(table), [keyText(form)], database)
    expect(present).toEqual([{ id: idType.present[0], object: { title: 'first' } }])
    // 1 and 1.0 are two texts of equal values: a key may have changed from one to the other.
    const other = ['numeric', 'char(4)'].includes(idType.type) ? [keyText(form)] : []
    expect(absent).toEqual(other)
    expect(absent).not.toContain(idType.present[0])
  })

  test.each(types)('$type: what a driver reads of the key finds the row again', async (idType) => {
    const table = await tableOf(idType)
    const { rows } = await database.query<{ id: unknown }>(`select id from "${table}"`)
    for (const { id } of rows) {
      const { ids } = getRootIdsFromEvent(schemaOf(table), {
        action: 'INSERT',
        table,
        data: { id },
      })
      // A Date holds milliseconds, and no year of antiquity that Postgres would read back.
      if (id instanceof Date && (idType.type === 'timestamptz' || id.getFullYear() < 0)) continue
      expect((await readObjects(schemaOf(table), ids, database)).present).toHaveLength(1)
    }
  })

  test.each(types)(
    '$type: buildSchemaQuery takes it as a parameter, among few ids and among many',
    async (idType) => {
      const table = await tableOf(idType)
      const few = await buildSchemaQuery(schemaOf(table), [...idType.present, idType.absent]).run(database)
      expect(few).toHaveLength(2)
      const manyIds = Array.from({ length: 1001 }, () => idType.present[0])
      expect(await buildSchemaQuery(schemaOf(table), manyIds).run(database)).toHaveLength(1)
    },
  )

  test('boolean: two rows at most, and an id all the same', async () => {
    const table = await tableOf(idTypes.find(({ type }) => type === 'boolean')!)
    const { present } = await readObjects(schemaOf(table), ['t', 'false'], database)
    expect(new Set(present.map(({ id }) => id))).toEqual(new Set(['t', 'f']))
  })

  test('a case-insensitive text keeps the case of its row', async () => {
    // An ICU collation, as every server has it; citext is an extension that a server may lack.
    await database.query(`
      create collation "any case" (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      create table insensitive (id text collate "any case" primary key, title text);
      insert into insensitive values ('Émile', 'first')`)
    const { present, absent } = await readObjects(
      schemaOf('insensitive'),
      ['émile', 'ÉMILE', 'other'],
      database,
    )
    expect(present).toEqual([{ id: 'Émile', object: { title: 'first' } }])
    // The key may have been one of these before: under such a text nothing is left.
    expect(new Set(absent)).toEqual(new Set(['émile', 'ÉMILE', 'other']))
  })

  test('citext keeps the case of its row', async () => {
    await database.query(`
      create extension citext;
      create table citizens (id citext primary key, title text);
      insert into citizens values ('Emile', 'first')`)
    const { present } = await readObjects(schemaOf('citizens'), ['emile', 'EMILE'], database)
    expect(present).toEqual([{ id: 'Emile', object: { title: 'first' } }])
  })
})

describe('readObjects', () => {
  const numbered = async (): Promise<RootSchema> =>
    schemaOf(await tableOf({ type: 'int', present: ['1', '2'], absent: '3' }))

  test('reads nothing for no ids', async () => {
    expect(await readObjects(await numbered(), [], database)).toMatchObject({
      present: [],
      absent: [],
    })
  })

  test('gives an id that is asked twice once', async () => {
    const { present, absent } = await readObjects(await numbered(), ['1', '1', '01', '3', '3'], database)
    expect(present.map(({ id }) => id)).toEqual(['1'])
    expect(absent).toEqual(['3'])
  })

  test('takes 70,000 ids in one statement', async () => {
    const schema = await numbered()
    await database.query(`insert into "of int" select n, 'many' from generate_series(3, 70000) n`)
    const ids = Array.from({ length: 70_010 }, (_, n) => String(n + 1))
    const { present, absent } = await readObjects(schema, ids, database)
    expect(present).toHaveLength(70_000)
    expect(absent).toEqual(ids.slice(70_000))

    const query = buildSchemaQuery(schema, ids)
    expect(query.toQuery().values).toHaveLength(1)
    expect(await query.run(database)).toHaveLength(70_000)
  })

  test('tells an object that is null from a row that is not there', async () => {
    const schema: RootSchema = { ...(await numbered()), schema: { type: 'column', column: 'title' } }
    await database.query('update "of int" set title = null where id = 1')
    const { present, absent } = await readObjects(schema, ['1', '3'], database)
    expect(present).toEqual([{ id: '1', object: null }])
    expect(absent).toEqual(['3'])
  })

  test('has a version also where every id is gone', async () => {
    const { version } = await readObjects(await numbered(), ['3'], database)
    expect(version).toBeGreaterThan(0n)
  })

  test('gives the same answer through a client that parses no type, and through one that prepares', async () => {
    const schema = await numbered()
    const raw = await database.client({ types: { getTypeParser: () => (text: string) => text } })
    const plain = await readObjects(schema, ['1', '3'], database)
    expect(await readObjects(schema, ['1', '3'], raw)).toMatchObject({
      ...plain,
      version: expect.any(BigInt),
    })
    const client = await database.client()
    const prepared = {
      query: async (text: string, values: unknown[]) => client.query({ text, values, name: 'objects' }),
    }
    for (let n = 0; n < 7; n++) {
      expect(await readObjects(schema, ['1', '3'], prepared)).toMatchObject({
        present: plain.present,
        absent: ['3'],
      })
    }
  })

  test('is not led astray by a parser that someone set for json or int8', async () => {
    const schema = await numbered()
    const text = 25
    const client = await database.client({
      types: { getTypeParser: (oid: number) => (oid === text ? String : () => 'parsed') },
    })
    expect((await readObjects(schema, ['1'], client)).present).toEqual([
      { id: '1', object: { title: 'first' } },
    ])
  })

  test.each([
    ['names other columns', { ID: '1' }],
    ['parses the object', { id: '1', object: {}, version: '1' }],
    ['parses the id', { id: 1, object: '{}', version: '1' }],
    ['gives lists for rows', ['1', '{}', '1']],
  ])('refuses a client that %s', async (_, row) => {
    const client = { query: async () => ({ rows: [row] }) }
    await expect(readObjects(await numbered(), ['1'], client)).rejects.toMatchObject({
      code: 'CLIENT_RESULT_INVALID',
    })
  })
})

describe('the version of a read', () => {
  test('never goes backwards while others write, roll back and use savepoints', async () => {
    const schema = schemaOf(await tableOf({ type: 'int', present: ['1', '2'], absent: '3' }))
    await database.query(
      'create table if not exists counter (id int primary key, n int); insert into counter values (1, 0)',
    )
    const writers = database.pool({ max: 4 })
    let writing = true
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; writing; n++) {
        const client = await writers.connect()
        await client.query('begin')
        await client.query('update counter set n = n + 1 where id = 1')
        if (n % 2 === 0) await client.query('savepoint s; insert into counter values (2, 0); rollback to s')
        await client.query((n + writer) % 3 === 0 ? 'rollback' : 'commit')
        client.release()
      }
    }
    const writes = [0, 1, 2, 3].map(write)
    const reader = database
    const counting: RootSchema = {
      table: 'counter',
      primaryKey: 'id',
      schema: { type: 'column', column: 'n' },
    }
    const reads: { version: bigint; n: number }[] = []
    const until = performance.now() + 400
    while (performance.now() < until) {
      const { version, present } = await readObjects(counting, ['1'], reader)
      reads.push({ version, n: present[0]!.object as number })
    }
    writing = false
    await Promise.all(writes)

    expect(reads.at(-1)!.n).toBeGreaterThan(reads[0]!.n)
    const pairs = reads.slice(1).map((read, index) => [reads[index]!, read] as const)
    expect(pairs.filter(([before, after]) => after.version < before.version)).toEqual([])
    // Two states of one version would be a tie that no sink could break.
    expect(
      pairs.filter(([before, after]) => after.version === before.version && after.n !== before.n),
    ).toEqual([])
    expect((await readObjects(schema, ['3'], reader)).version).toBeGreaterThanOrEqual(reads.at(-1)!.version)
  })
})

import { describe, expect, onTestFinished, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import { getRootIdsFromEvent } from '../root-ids/get-root-ids-from-event.ts'
import { introspection } from '../schema/introspection.ts'
import type { RootSchema, Schema } from '../schema/schema.ts'
import type { QueryClient } from '../sql/client.ts'
import { quoteIdentifier } from '../sql/identifier.ts'
import { buildSchemaQuery } from './build-schema-query.ts'
import { readObjects } from './read-objects.ts'

const database = testDatabase()

/** Names that break SQL which is put together carelessly. */
const oddNames = [
  'Upper Case',
  `it's`,
  `''`,
  '"',
  '""quoted""',
  '\\',
  `\\'; DROP TABLE victim; --`,
  `'; DROP TABLE victim; --`,
  `"; DROP TABLE victim; --`,
  `', (SELECT 1/0), '`,
  '$1',
  '$2',
  '$&',
  "$'",
  '$`',
  '$$',
  '$q$',
  '%s',
  '?',
  ':name',
  '/*',
  '--',
  'select',
  'object',
  'id',
  'key',
  'name',
  'value',
  'asked',
  'property',
  'snapshot',
  'version',
  'constructor',
  '__proto__',
  'toString',
  'hasOwnProperty',
  '📚',
  'e\u0301',
  '\u00e9',
  'Ω',
  ' ',
  'a\nb',
  'a\tb',
  '0',
  'x'.repeat(63),
  '📚'.repeat(15),
]

let shared: Awaited<ReturnType<typeof database.client>> | undefined

const column = (of: string): Schema => ({ type: 'column', column: of })

function objectOf(properties: readonly (readonly [name: string, schema: Schema])[]): Schema {
  // Object.fromEntries defines its properties, __proto__ too.
  return { type: 'object', properties: Object.fromEntries(properties) }
}

/** What both statements of the objects give; `toString` of the one has to mean the same. */
async function built(root: RootSchema, id: string, client: QueryClient = database): Promise<unknown> {
  const query = buildSchemaQuery(root, [id])
  const [row] = await query.run(client)
  const { rows } = (await client.query(query.toString(), [])) as { rows: { id: unknown; object: unknown }[] }
  expect(rows.map(({ id: key, object }) => ({ id: String(key), object }))).toEqual([row])
  const { present } = await readObjects(root, [id], client)
  expect(present).toEqual([{ id, object: row!.object }])
  return row!.object
}

describe('names that look like SQL', () => {
  test.each(oddNames)('are names in every place of a schema, and in a look-up: %j', async (name) => {
    const quoted = quoteIdentifier(name)
    shared ??= await database.client()
    const client = shared
    onTestFinished(() => client.query('rollback').then())
    await client.query(`
      begin; create schema odd; set local search_path = odd;
      create table victim (id int);
      create table ${quoted} (${quoted} int primary key);
      create table "child of it" (${quoted} int, "link" int);
      insert into ${quoted} values (5);
      insert into "child of it" values (7, 5), (8, 5)`)
    const leaf: Schema = {
      type: 'many-to-one',
      column: name,
      referencesTable: { table: name },
      referencesColumn: name,
      hasFKConstraint: false,
      schema: objectOf([[name, column(name)]]),
    }
    const children: Schema = {
      type: 'one-to-many',
      column: name,
      referencingTable: 'child of it',
      referencingColumn: 'link',
      schema: objectOf([
        [name, column(name)],
        [`${name} leaf`, leaf],
      ]),
    }
    const root: RootSchema = {
      table: { table: name },
      primaryKey: name,
      schema: objectOf([
        [name, column(name)],
        [`${name} one`, leaf],
        [`${name} many`, children],
      ]),
    }
    const expected = Object.fromEntries([
      [name, 5],
      [`${name} one`, Object.fromEntries([[name, 5]])],
      [
        `${name} many`,
        [7, 8].map((of) =>
          Object.fromEntries([
            [name, of],
            [`${name} leaf`, null],
          ]),
        ),
      ],
    ])
    expect(await built(root, '5', client)).toEqual(expected)

    const { ids, query } = getRootIdsFromEvent(root, {
      action: 'INSERT',
      schema: 'public',
      table: name,
      data: Object.fromEntries([[name, 8]]),
    })
    // 8 as a root of its own, and the root whose child points to 8.
    expect(ids).toEqual(['8'])
    expect(await query!.run(client)).toEqual([{ id: '5' }])

    const { rows: survivors } = await client.query('select * from victim')
    expect(survivors).toEqual([])
  })

  test('of properties are kept, all in one object, in a small one and in a wide one', async () => {
    await database.query('create table kept (id int primary key); insert into kept values (1)')
    for (const names of [
      oddNames.slice(0, 40),
      oddNames,
      [...oddNames, '', ...oddNames.map((name) => `${name}!`)],
    ]) {
      const root: RootSchema = {
        table: 'kept',
        primaryKey: 'id',
        schema: objectOf(names.map((name) => [name, column('id')] as const)),
      }
      const object = await built(root, '1')
      expect(Object.keys(object as object).sort()).toEqual([...names].sort())
      expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
    }
  })

  test('mean the same where standard_conforming_strings is off', async () => {
    const client = await database.client()
    await client.query(`
      set standard_conforming_strings = off; set escape_string_warning = off;
      create table old_strings (id int primary key); insert into old_strings values (1)`)
    const root: RootSchema = {
      table: 'old_strings',
      primaryKey: 'id',
      schema: objectOf(oddNames.map((name) => [name, column('id')] as const)),
    }
    expect(await built(root, '1', client)).toEqual(Object.fromEntries(oddNames.map((name) => [name, 1])))
  })

  test('are told by introspection as they are', () => {
    for (const name of oddNames) {
      const root: RootSchema = {
        table: { table: name },
        primaryKey: name,
        schema: objectOf([[name, column(name)]]),
      }
      expect(introspection(root)).toEqual({
        tables: [{ table: name, columns: [name] }],
        output: {
          type: 'object',
          properties: Object.fromEntries([[name, { type: 'column', table: name, column: name }]]),
        },
      })
    }
  })
})

describe('long names', () => {
  test('of two tables that differ in their last byte alone stay two', async () => {
    const stem = 'x'.repeat(62)
    await database.query(`
      create table "${stem}a" (id int primary key, b int); create table "${stem}b" (id int primary key, a int);
      insert into "${stem}a" values (1, 10); insert into "${stem}b" values (10, 1)`)
    const to = (table: string, of: string, schema: Schema): Schema => ({
      type: 'many-to-one',
      column: of,
      referencesTable: table,
      referencesColumn: 'id',
      hasFKConstraint: true,
      schema,
    })
    const root: RootSchema = {
      table: `${stem}a`,
      primaryKey: 'id',
      schema: to(`${stem}b`, 'b', to(`${stem}a`, 'a', to(`${stem}b`, 'b', column('id')))),
    }
    expect(await built(root, '1')).toBe(10)
  })
})

describe('tables of one name', () => {
  test('in two Postgres schemas are two tables', async () => {
    await database.query(`
      create schema library; create schema "odd.schema";
      create table public.book (id int primary key, title text);
      create table library.book (id int primary key, title text);
      create table "odd.schema"."odd.book" (id int primary key, title text);
      insert into public.book values (1, 'public'); insert into library.book values (1, 'library');
      insert into "odd.schema"."odd.book" values (1, 'odd')`)
    const from = (referencesTable: RootSchema['table']): Schema => ({
      type: 'many-to-one',
      column: 'id',
      referencesTable,
      referencesColumn: 'id',
      hasFKConstraint: false,
      schema: column('title'),
    })
    const root: RootSchema = {
      table: 'book',
      primaryKey: 'id',
      schema: objectOf([
        ['own', column('title')],
        ['library', from('library.book')],
        ['odd', from({ schema: 'odd.schema', table: 'odd.book' })],
        ['public', from('public.book')],
      ]),
    }
    expect(await built(root, '1')).toEqual({
      own: 'public',
      library: 'library',
      odd: 'odd',
      public: 'public',
    })
  })
})

describe('values that look like SQL', () => {
  test.each([
    `'; DROP TABLE quoted; --`,
    `' OR '1' = '1`,
    '$1',
    '\\',
    `{"a","b"}`,
    '{',
    '}',
    ',',
    'NULL',
    '"',
  ])('are ids like any other: %s', async (id) => {
    await database.query('drop table if exists quoted; create table quoted (id text primary key, title text)')
    await database.query('insert into quoted values ($1, $2), ($3, $4)', [id, 'it', 'other', 'not it'])
    const root: RootSchema = { table: 'quoted', primaryKey: 'id', schema: column('title') }
    expect(await built(root, id)).toBe('it')
  })
})

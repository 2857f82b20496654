import { buildSchemaQuery, EventAggregator, type RootSchema, type Schema } from 'pg-capture'
import type pg from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { textOf } from '../project/source-tree.ts'
import { testDatabase } from '../support/postgres.ts'
import { snippetsOf } from './snippets.ts'

// The table of values in docs/schema.md, run: each value by every path that it can take into an object.

interface Row {
  readonly type: string
  readonly values: readonly string[]
  /** What the object holds, for each of the values. */
  readonly held: readonly unknown[]
}

const HEAD = '| type | values, in SQL | the object holds | |'

const spans = (cell: string): string[] => Array.from(cell.matchAll(/`([^`]+)`/g), ([, code]) => code!)

function rowsOf(page: string): Row[] {
  const lines = textOf(page).split('\n')
  const first = lines.indexOf(HEAD) + 2
  const rows = lines.slice(first, lines.indexOf('', first))
  return rows.flatMap((line) => {
    const [, types = '', values = '', held = ''] = line.split(' | ').join('|').split('|')
    return spans(types).map((type) => ({
      type,
      values: spans(values),
      held: spans(held).map((json) => JSON.parse(json) as unknown),
    }))
  })
}

const rows = rowsOf('docs/schema.md')
const types = snippetsOf('docs/schema.md').find(({ code }) => code.startsWith('CREATE TYPE'))!.code

const database = testDatabase({ setup: `create extension citext; ${types}` })
/** Its session has every setting that changes how values are printed. */
let client: pg.Client

beforeAll(async () => {
  client = await database.client({
    options:
      '-c timezone=Asia/Kolkata -c datestyle=German -c intervalstyle=iso_8601 -c bytea_output=escape -c extra_float_digits=-10',
  })
})

const value: Schema = { type: 'column', column: 'value' }

const object = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties })

const one = (schema: Schema): Schema => ({
  type: 'many-to-one',
  column: 'id',
  referencesTable: 'held',
  referencesColumn: 'id',
  hasFKConstraint: false,
  schema,
})

const many = (schema: Schema): Schema => ({
  type: 'one-to-many',
  column: 'id',
  referencingTable: 'held',
  referencingColumn: 'id',
  schema,
})

const aggregate = (name: 'min' | 'max' | 'sum'): Schema => ({
  type: 'aggregate',
  function: name,
  column: 'id',
  referencingTable: 'held',
  referencingColumn: 'id',
  schema: value,
})

/** More properties than one call of a function takes. */
const padding = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`_${n}`, value]))

interface Path {
  readonly table: 'held' | 'owner'
  readonly schema: Schema
  /** The value in the object. */
  readonly of: (object: unknown) => unknown
}

const itself = (object: unknown): unknown => object
const inObject = (object: unknown): unknown => (object as { value: unknown }).value
const only = (list: unknown): unknown => (list as [unknown])[0]

const paths: Readonly<Record<string, Path>> = {
  'the root, alone': { table: 'held', schema: value, of: itself },
  'the root, in an object': { table: 'held', schema: object({ value }), of: inObject },
  'a wide object': { table: 'held', schema: object({ ...padding, value }), of: inObject },
  'a many-to-one, alone': { table: 'owner', schema: one(value), of: itself },
  'an object in a many-to-one': {
    table: 'owner',
    schema: one(object({ value })),
    of: inObject,
  },
  'a many-to-one in an object': {
    table: 'owner',
    schema: object({ value: one(value) }),
    of: inObject,
  },
  'an array': { table: 'owner', schema: many(value), of: only },
  'an object in an array': {
    table: 'owner',
    schema: many(object({ value })),
    of: (list) => inObject(only(list)),
  },
  'a many-to-one in an array': { table: 'owner', schema: many(one(value)), of: only },
}

const aggregates = ['min', 'max', 'sum'] as const

function pathsOfAggregate(name: (typeof aggregates)[number]): Record<string, Path> {
  return {
    [`${name}, alone`]: { table: 'owner', schema: aggregate(name), of: itself },
    [`${name}, in an object`]: {
      table: 'owner',
      schema: object({ value: aggregate(name) }),
      of: inObject,
    },
  }
}

async function isUnderstood(sql: string): Promise<boolean> {
  try {
    await database.query(sql)
    return true
  } catch {
    return false
  }
}

/** What an aggregator emits and what the statement by hand gives: once each, for the ids from 1. */
async function read(
  { table, schema, of }: Path,
  count: number,
): Promise<{ emitted: unknown[]; byHand: unknown[] }> {
  const root: RootSchema = { table, primaryKey: 'id', schema }
  const ids = Array.from({ length: count }, (_, n) => n + 1)
  const emitted = new Map<string, unknown>()
  const aggregator = new EventAggregator({
    schema: root,
    client,
    onChange: ({ upsert }) => upsert.forEach(({ id, object: built }) => emitted.set(id, built)),
  })
  await aggregator.handleEvents(ids.map((id) => ({ table, action: 'INSERT', data: { id } })))
  const found = await buildSchemaQuery(root, ids).run(client)
  const byHand = new Map(found.map(({ id, object: built }) => [id, built]))
  return {
    emitted: ids.map((id) => of(emitted.get(String(id)))),
    byHand: ids.map((id) => of(byHand.get(String(id)))),
  }
}

describe('the table of values', () => {
  test('has its rows', () => {
    expect(rows.length).toBeGreaterThan(35)
    expect(rows.filter(({ values, held }) => values.length !== held.length || values.length === 0)).toEqual(
      [],
    )
  })

  test.each(rows)(
    '$type is the same by every path, in any session: $values',
    async ({ type, values, held }) => {
      await database.query(`
      drop table if exists held, owner;
      create table held (id int primary key, value ${type});
      create table owner as select generate_series(1, ${values.length}) as id`)
      for (const [index, text] of values.entries()) {
        await database.query(`insert into held values ($1, $2)`, [index + 1, text])
      }
      const taken = { ...paths }
      if (await isUnderstood('select value from held order by value'))
        Object.assign(taken, pathsOfAggregate('min'), pathsOfAggregate('max'))
      if (await isUnderstood('select sum(value) from held')) Object.assign(taken, pathsOfAggregate('sum'))
      for (const [name, path] of Object.entries(taken)) {
        const { emitted, byHand } = await read(path, values.length)
        expect(emitted, name).toEqual(held)
        expect(byHand, `${name}, by hand`).toEqual(held)
      }
    },
  )

  test('NULL is null', async () => {
    await database.query(`
      drop table if exists held, owner;
      create table held (id int primary key, value numeric);
      create table owner as select 1 as id; insert into held values (1)`)
    const alone = { ...paths, ...pathsOfAggregate('min'), ...pathsOfAggregate('sum') }
    delete (alone as Partial<typeof alone>)['an array']
    delete (alone as Partial<typeof alone>)['a many-to-one in an array']
    for (const [name, path] of Object.entries(alone)) {
      expect(await read(path, 1), name).toEqual({ emitted: [null], byHand: [null] })
    }
  })
})

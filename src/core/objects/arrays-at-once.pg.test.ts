import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import type { Condition } from '../schema/condition.ts'
import type { OneToManySchema, RootSchema, Schema } from '../schema/schema.ts'
import { buildSchemaQuery } from './build-schema-query.ts'
import { readObjects } from './read-objects.ts'

const database = testDatabase({
  setup: `
    create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    create table shop (id int primary key, code text collate ci, region int, zone int, "ownerId" int, "mainId" int, rank numeric);
    create table shelf (id int primary key, "shopId" bigint, "shopCode" text, region int, zone int, label text, open boolean, rank float8);
    create table item (id int primary key, "shelfId" numeric, name text, "makerId" int);
    create table note (id int primary key, "itemId" int, text text);
    create table maker (id int primary key, name text, "homeId" int);
    create table part (id int primary key, code int not null unique, "insideId" int);
    create table use (id int primary key, "partId" int);
    insert into part values (1, 1, null), (2, 2, 1), (3, 3, 3);
    insert into use values (1, 1), (2, 2), (3, 3);
    insert into shop values (1, 'A', 1, 1, 1, 2, 1.0), (2, 'B', 1, 2, 1, 1, 1.00), (3, null, 1, 1, 2, null, null), (4, 'D', null, 1, null, 9, 4);
    insert into shelf values
      (1, 1, 'A', 1, 1, 'x', true, 1), (2, 1, 'a', 1, 1, 'y', false, 1), (3, 2, 'b', 1, 2, 'z', true, 4), (4, 3, null, 1, 1, 'w', true, null),
      (5, null, 'B', null, 1, 'v', true, 1), (6, 9, 'd', 2, 2, 'u', true, 9);
    insert into maker values (1, 'Oak', 1), (2, 'Elm', 2), (3, 'Ash', null);
    insert into item values (1, 1, 'pen', 1), (2, 1.0, 'ink', 2), (3, 1.00, 'cap', 2), (4, 3, 'jar', 3), (5, 2, 'lid', null), (6, null, 'bag', 1);
    insert into note values (1, 1, 'n1'), (2, 1, null), (3, 2, 'n3'), (4, 4, 'n4'), (5, 5, 'n5')`,
})

const column = (of: string): Schema => ({ type: 'column', column: of })

const object = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties })

function many(
  parent: string,
  [table, child]: readonly [string, string],
  schema: Schema,
  more: Partial<OneToManySchema> = {},
): Schema {
  return {
    type: 'one-to-many',
    column: parent,
    referencingTable: table,
    referencingColumn: child,
    schema,
    ...more,
  }
}

function one(of: string, table: string, schema: Schema, where?: Condition): Schema {
  return {
    type: 'many-to-one',
    column: of,
    referencesTable: table,
    referencesColumn: 'id',
    hasFKConstraint: false,
    schema,
    where,
  }
}

const items = many('id', ['item', 'shelfId'], column('name'))
const notes = many('id', ['note', 'itemId'], column('text'))
const shelves = (schema: Schema, more?: Partial<OneToManySchema>): Schema =>
  many('id', ['shelf', 'shopId'], schema, more)

const schemas: Readonly<Record<string, Schema>> = {
  'of the key': shelves(column('label')),
  'of another column, that several objects share': many('region', ['shelf', 'region'], column('label')),
  'of several columns': {
    type: 'one-to-many',
    column: ['zone', 'region'],
    referencingTable: 'shelf',
    referencingColumn: ['zone', 'region'],
    schema: column('id'),
  },
  'equal in a collation in which texts of other bytes are equal': many(
    'code',
    ['shelf', 'shopCode'],
    column('id'),
  ),
  'equal in a type in which values of other digits are equal': many('rank', ['shelf', 'rank'], column('id')),
  'inside others': shelves(
    object({ label: column('label'), items: many('id', ['item', 'shelfId'], object({ notes })) }),
  ),
  'inside others, flattened': shelves(many('id', ['item', 'shelfId'], notes)),
  'that keep what is null': shelves(many('id', ['item', 'shelfId'], notes, { flatten: false }), {
    keepNulls: true,
  }),
  'of a row pointed to': one('mainId', 'shop', object({ shelves: shelves(object({ items })) })),
  'of a row pointed to, of many': shelves(
    many(
      'id',
      ['item', 'shelfId'],
      one('makerId', 'maker', object({ name: column('name'), home: one('homeId', 'shop', shelves(items)) })),
    ),
  ),
  'of rows that are filtered, of such': object({
    open: shelves(object({ items }), { where: { open: true } }),
    main: one('mainId', 'shop', shelves(items), { code: 'a' }),
  }),
  'of the first rows only': shelves(
    object({ label: column('label'), items, notes: many('id', ['item', 'shelfId'], notes) }),
    {
      orderBy: { column: 'label', direction: 'desc' },
      limit: 1,
    },
  ),
  'whose own have the first rows only': shelves(
    many('id', ['item', 'shelfId'], object({ name: column('name'), notes }), {
      orderBy: { column: 'name' },
      limit: 1,
    }),
  ),
  'of an aggregate, and of what it counts': shelves(
    object({
      items,
      count: {
        type: 'aggregate',
        function: 'count',
        column: 'id',
        referencingTable: 'item',
        referencingColumn: 'shelfId',
      },
    }),
  ),
}

describe('arrays that are read at once, for all objects, are those of one object after the other:', () => {
  test.each(Object.entries(schemas))('%s', async (_, schema) => {
    const ids = ['1', '2', '3', '4', '5']
    const root = { table: 'shop', primaryKey: 'id', schema: object({ it: schema }) }
    const { rows } = await database.query(`${buildSchemaQuery(root, ids).toString()} ORDER BY 1`)
    const { present: unsorted, absent } = await readObjects(root, ids, database)
    const present = unsorted.toSorted((a, b) => Number(a.id) - Number(b.id))
    expect(absent).toEqual(['5'])
    expect(present).toEqual(
      rows.map((row) => ({ id: String(Object(row).id), object: Object(row).object as unknown })),
    )
    expect(JSON.stringify(present)).toMatch(/"it":[^\d]*[\w\d]/)
    for (const id of ids) {
      const alone = await readObjects(root, [id], database)
      expect(alone.present).toEqual(present.filter((object) => object.id === id))
    }
  })

  test('also under a key of several columns, in whatever order a link names them', async () => {
    const root: RootSchema = {
      table: 'shop',
      primaryKey: ['id', 'zone'],
      schema: {
        type: 'one-to-many',
        column: ['zone', 'id'],
        referencingTable: 'shelf',
        referencingColumn: ['zone', 'shopId'],
        schema: object({ items }),
      },
    }
    const { present } = await readObjects(root, ['["1","1"]', '["2","2"]', '["1","2"]'], database)
    expect(present.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { id: '["1","1"]', object: [{ items: ['pen', 'cap', 'ink'] }, { items: ['lid'] }] },
      { id: '["2","2"]', object: [{ items: ['jar'] }] },
    ])
  })

  test('also where a link of several columns leads back to its table, though Postgres 18 may lose one of them', async () => {
    const schema = many('partId', ['part', 'id'], {
      type: 'one-to-many',
      column: ['id', 'code'],
      referencingTable: 'part',
      referencingColumn: ['insideId', 'code'],
      schema: column('code'),
    })
    const root: RootSchema = { table: 'use', primaryKey: ['id', 'partId'], schema }
    const { present } = await readObjects(root, ['["1","1"]', '["2","2"]', '["3","3"]'], database)
    expect(present.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { id: '["1","1"]', object: [] },
      { id: '["2","2"]', object: [] },
      { id: '["3","3"]', object: [3] },
    ])
  })
})

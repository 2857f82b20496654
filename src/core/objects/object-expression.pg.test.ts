import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import type { OneToManySchema, Schema } from '../schema/schema.ts'
import { buildSchemaQuery } from './build-schema-query.ts'

const database = testDatabase({
  setup: `
    create type size as (width int, height int);
    create table publisher (id int primary key, name text);
    create table author (id int primary key, name text, "publisherId" int, papers jsonb);
    create table book (
      id int primary key, title text, "authorId" int, "sequelOf" int,
      data json, binary_data jsonb, tags text[], matrix int[][], format size
    );
    create table edition (id int primary key, "bookId" int, year int, "printerId" int, data jsonb, tags text[], format size);
    create table copy (id int primary key, "editionId" int, shelf text);
    create table printer (id int primary key, name text);
    create table job (id int primary key, "printerId" int, what text);

    insert into publisher values (1, 'P');
    insert into author values (1, 'Alice', 1, '[1, [2, null]]'), (2, null, null, 'null'), (3, 'Carol', 99, null);
    insert into book values
      (1, 'One', 1, null, '{"b" : 1, "a": [null, [1]]}', '{"b": 1, "a": [null, [1]]}', '{a,NULL,b}', '{{1,2},{3,4}}', (3, null)),
      (2, null, 2, 1, 'null', 'null', '{}', null, null),
      (3, 'Three', null, 1, null, null, null, null, (null, null)),
      (4, 'Four', 77, 3, '[]', '[[], [[]]]', '{NULL}', '{}', (1, 2));
    insert into edition values
      (10, 1, 2001, 1, 'null', '{a,NULL}', (1, null)), (11, 1, null, 2, '[1, null]', '{}', null),
      (12, 1, 1999, null, null, null, (null, null)), (13, 2, null, 1, '"x"', null, (1, 2)), (14, 3, 2003, 99, '[]', '{}', (1, 2));
    insert into copy values (100, 10, 'A'), (101, 10, null), (102, 11, 'B'), (103, 12, 'C'), (104, 14, 'D');
    insert into printer values (1, 'Ink'), (2, null);
    insert into job values (1000, 1, 'x'), (1001, 2, 'y'), (1002, 1, null), (1003, 99, 'z')`,
})

const column = (name: string): Schema => ({ type: 'column', column: name })

const object = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties })

const one = (column: string, table: string, schema: Schema): Schema => ({
  type: 'many-to-one',
  column,
  referencesTable: table,
  referencesColumn: 'id',
  hasFKConstraint: false,
  schema,
})

const many = (table: string, referencingColumn: string, schema: Schema): Schema => ({
  type: 'one-to-many',
  column: 'id',
  referencingTable: table,
  referencingColumn,
  schema,
})

const edition = (schema: Schema): OneToManySchema => ({
  type: 'one-to-many',
  column: 'id',
  referencingTable: 'edition',
  referencingColumn: 'bookId',
  schema,
})

/** The objects of the books 1 to 4. */
async function built(schema: Schema): Promise<unknown[]> {
  const query = buildSchemaQuery({ table: 'book', primaryKey: 'id', schema }, [1, 2, 3, 4])
  const rows = await query.run(database)
  expect(rows).toHaveLength(4)
  return rows.sort((left, right) => Number(left.id) - Number(right.id)).map(({ object }) => object)
}

describe('a column', () => {
  test.each([
    ['an integer', 'id', [1, 2, 3, 4]],
    ['a text', 'title', ['One', null, 'Three', 'Four']],
    ['json', 'data', [{ b: 1, a: [null, [1]] }, null, null, []]],
    ['jsonb', 'binary_data', [{ b: 1, a: [null, [1]] }, null, null, [[], [[]]]]],
    ['an array', 'tags', [['a', null, 'b'], [], null, [null]]],
    [
      'an array of arrays',
      'matrix',
      [
        [
          [1, 2],
          [3, 4],
        ],
        null,
        null,
        [],
      ],
    ],
    [
      'a composite',
      'format',
      [{ width: 3, height: null }, null, { width: null, height: null }, { width: 1, height: 2 }],
    ],
  ])('of %s comes out as it is, alone and in an object', async (_, name, values) => {
    expect(await built(column(name))).toEqual(values)
    expect(await built(object({ of: column(name) }))).toEqual(values.map((of) => ({ of })))
  })

  test('comes out the same at the root and in a row that is pointed to', async () => {
    const all = object(
      Object.fromEntries(
        ['id', 'title', 'data', 'binary_data', 'tags', 'matrix', 'format'].map((of) => [of, column(of)]),
      ),
    )
    const [first] = await built(all)
    const [, second, third] = await built(one('sequelOf', 'book', all))
    expect(second).toEqual(first)
    expect(third).toEqual(first)
  })
})

describe('an object', () => {
  test('has its properties in the order of the schema, nested objects too', async () => {
    const [first] = await built(
      object({ z: column('id'), a: object({ y: column('title'), b: column('id') }) }),
    )
    expect(JSON.stringify(first)).toBe('{"z":1,"a":{"y":"One","b":1}}')
  })

  test.each([1, 49, 50, 51, 99, 100, 101, 200, 1000])('has %i properties, in their order', async (count) => {
    const names = Array.from({ length: count }, (_, n) => `p${count - n}`)
    const [first] = await built(object(Object.fromEntries(names.map((name) => [name, column('title')]))))
    expect(Object.entries(first as object)).toEqual(names.map((name) => [name, 'One']))
  })

  test('of many properties keeps what a few would be: NULL, json, arrays, relations', async () => {
    const few = {
      title: column('title'),
      data: column('data'),
      binary: column('binary_data'),
      tags: column('tags'),
      author: one('authorId', 'author', column('name')),
      years: many('edition', 'bookId', column('year')),
    }
    const filling = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`p${n}`, column('id')]))
    const expected = await built(object(few))
    const withFilling = await built(object({ ...few, ...filling }))
    expect(withFilling).toEqual(
      expected.map((of, n) => ({
        ...(of as object),
        ...Object.fromEntries(Object.keys(filling).map((p) => [p, n + 1])),
      })),
    )
  })

  test('of many properties is an element of an array like any other', async () => {
    const names = Array.from({ length: 60 }, (_, n) => `p${n}`)
    const wide = object(Object.fromEntries(names.map((name) => [name, column('year')])))
    const [first] = await built(many('edition', 'bookId', wide))
    expect((first as Record<string, unknown>[]).map((of) => of['p59'])).toEqual([1999, 2001, null])
  })
})

describe('a many-to-one', () => {
  test('yields null without a row, and null for a NULL in the row', async () => {
    expect(await built(one('authorId', 'author', column('name')))).toEqual(['Alice', null, null, null])
  })

  test('yields null for a whole object without a row, and the object where its columns are NULL', async () => {
    expect(await built(one('authorId', 'author', object({ name: column('name') })))).toEqual([
      { name: 'Alice' },
      { name: null },
      null,
      null,
    ])
  })

  test('yields null all the way where a row in the middle is missing', async () => {
    const publisher = one('publisherId', 'publisher', object({ name: column('name') }))
    expect(await built(one('authorId', 'author', publisher))).toEqual([{ name: 'P' }, null, null, null])
    expect(await built(one('sequelOf', 'book', one('authorId', 'author', publisher)))).toEqual([
      null,
      { name: 'P' },
      { name: 'P' },
      null,
    ])
  })

  test('follows a table to itself', async () => {
    const twice = one('sequelOf', 'book', one('sequelOf', 'book', column('title')))
    expect(await built(twice)).toEqual([null, null, null, 'One'])
  })

  test('reads json of its row untouched', async () => {
    expect(await built(one('authorId', 'author', column('papers')))).toEqual([
      [1, [2, null]],
      null,
      null,
      null,
    ])
  })

  test('holds the array of its row, and null without one', async () => {
    const sequels = many('book', 'sequelOf', column('title'))
    expect(await built(one('sequelOf', 'book', object({ sequels })))).toEqual([
      null,
      { sequels: ['Three'] },
      { sequels: ['Three'] },
      { sequels: ['Four'] },
    ])
  })
})

describe('a one-to-many', () => {
  test('yields one element for each row, without SQL NULLs, and [] without rows', async () => {
    expect(await built(many('edition', 'bookId', column('year')))).toEqual([[1999, 2001], [], [2003], []])
  })

  test('keeps objects whose columns are NULL', async () => {
    expect(await built(many('edition', 'bookId', object({ year: column('year') })))).toEqual([
      [{ year: 1999 }, { year: 2001 }, { year: null }],
      [{ year: null }],
      [{ year: 2003 }],
      [],
    ])
  })

  test('keeps the null of a json column, which is no SQL NULL, and what its arrays hold', async () => {
    const [first, second, third, fourth] = await built(many('edition', 'bookId', column('data')))
    expect(first).toHaveLength(2)
    expect(first).toEqual(expect.arrayContaining([null, [1, null]]))
    expect([second, third, fourth]).toEqual([['x'], [[]], []])
  })

  test('neither flattens nor strips the arrays of an array column', async () => {
    const [first, second, third] = await built(many('edition', 'bookId', column('tags')))
    expect(first).toHaveLength(2)
    expect(first).toEqual(expect.arrayContaining([['a', null], []]))
    expect([second, third]).toEqual([[], [[]]])
  })

  test('keeps a composite of which a part is NULL, as it is no SQL NULL itself', async () => {
    const [first] = await built(many('edition', 'bookId', column('format')))
    expect(first).toHaveLength(2)
    expect(first).toEqual(
      expect.arrayContaining([
        { width: 1, height: null },
        { width: null, height: null },
      ]),
    )
  })

  test('leaves out elements that point to no row, or to NULL in it', async () => {
    expect(await built(many('edition', 'bookId', one('printerId', 'printer', column('name'))))).toEqual([
      ['Ink'],
      ['Ink'],
      [],
      [],
    ])
    expect(
      await built(many('edition', 'bookId', one('printerId', 'printer', object({ name: column('name') })))),
    ).toEqual([[{ name: 'Ink' }, { name: null }], [{ name: 'Ink' }], [], []])
  })

  test('directly inside another is flattened into its array', async () => {
    expect(await built(many('edition', 'bookId', many('copy', 'editionId', column('shelf'))))).toEqual([
      ['A', 'B', 'C'],
      [],
      ['D'],
      [],
    ])
  })

  test('inside another through a many-to-one is flattened, and a missing row between gives no children', async () => {
    const jobs = many('job', 'printerId', column('what'))
    expect(await built(many('edition', 'bookId', one('printerId', 'printer', jobs)))).toEqual([
      ['x', 'y'],
      ['x'],
      [],
      [],
    ])
  })

  test('through a many-to-one of the root has no children where the row between is missing', async () => {
    // The book 4 points to an author 77 that does not exist, though another book does too.
    const books = many('book', 'authorId', column('title'))
    await database.query(`insert into book (id, title, "authorId") values (5, 'Five', 77)`)
    try {
      expect(await built(one('authorId', 'author', books))).toEqual([['One'], [], null, null])
    } finally {
      await database.query('delete from book where id = 5')
    }
  })

  test('in an object inside another keeps its own array', async () => {
    const shelves = many('copy', 'editionId', column('shelf'))
    expect(await built(many('edition', 'bookId', object({ id: column('id'), shelves })))).toEqual([
      [
        { id: 10, shelves: ['A'] },
        { id: 11, shelves: ['B'] },
        { id: 12, shelves: ['C'] },
      ],
      [{ id: 13, shelves: [] }],
      [{ id: 14, shelves: ['D'] }],
      [],
    ])
  })

  test('beside another, of the same table, has its own rows', async () => {
    const years = many('edition', 'bookId', column('year'))
    const ids = many('edition', 'bookId', column('id'))
    expect(await built(object({ years, ids }))).toEqual([
      { years: [1999, 2001], ids: [10, 11, 12] },
      { years: [], ids: [13] },
      { years: [2003], ids: [14] },
      { years: [], ids: [] },
    ])
  })

  test('that keeps NULLs has null for a NULL column, for no row and for NULL in it', async () => {
    const keeping = (schema: Schema): Schema => ({ ...edition(schema), keepNulls: true })
    const years = await built(keeping(column('year')))
    expect(years).toEqual([[1999, 2001, null], [null], [2003], []])
    const [inks] = await built(keeping(one('printerId', 'printer', column('name'))))
    expect(inks).toHaveLength(3)
    expect(inks).toEqual(expect.arrayContaining(['Ink', null, null]))
  })

  test('that keeps NULLs keeps those of the array that it takes in; no row between still gives nothing', async () => {
    const jobs = one('printerId', 'printer', many('job', 'printerId', column('what')))
    expect(await built({ ...edition(jobs), keepNulls: true })).toEqual([
      ['x', null, 'y'],
      ['x', null],
      [],
      [],
    ])
  })

  test('that does not flatten has arrays as elements, and none for a row that is missing between', async () => {
    const nested = (schema: Schema): Schema => ({ ...edition(schema), flatten: false })
    const [first, ...others] = await built(nested(many('copy', 'editionId', column('shelf'))))
    expect(first).toHaveLength(3)
    expect(first).toEqual(expect.arrayContaining([['A'], ['B'], ['C']]))
    expect(others).toEqual([[[]], [['D']], []])
    const jobs = one('printerId', 'printer', many('job', 'printerId', column('what')))
    const [printed, , none] = await built(nested(jobs))
    expect(printed).toHaveLength(2)
    expect(printed).toEqual(expect.arrayContaining([['x'], ['y']]))
    expect(none).toEqual([])
    expect((await built({ ...nested(jobs), keepNulls: true } as Schema))[2]).toEqual([null])
  })

  test('flattens what it is told to, at each depth', async () => {
    const shelves = many('copy', 'editionId', column('shelf'))
    const ofAuthor = (inner: Schema): Schema => many('book', 'authorId', inner)
    const flat = ofAuthor({ ...edition(shelves), flatten: false })
    const [ofAlice] = await built(one('authorId', 'author', flat))
    expect(ofAlice).toEqual(expect.arrayContaining([['A'], ['B'], ['C']]))
    const inner = await built(
      one('authorId', 'author', { ...ofAuthor(edition(shelves)), flatten: false } as Schema),
    )
    expect(inner[0]).toEqual([['A', 'B', 'C']])
  })

  test('is followed over four tables and back', async () => {
    const deep = many(
      'edition',
      'bookId',
      object({
        book: one('bookId', 'book', object({ author: one('authorId', 'author', column('name')) })),
        printer: one('printerId', 'printer', object({ jobs: many('job', 'printerId', column('what')) })),
      }),
    )
    expect((await built(deep))[1]).toEqual([{ book: { author: null }, printer: { jobs: ['x'] } }])
  })
})

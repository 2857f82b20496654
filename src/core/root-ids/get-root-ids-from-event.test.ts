import { describe, expect, test } from 'vitest'
import { CaptureError } from '../errors/capture-error.ts'
import type { WALEvent } from '../events/wal-event.ts'
import type { RootSchema, Schema } from '../schema/schema.ts'
import { SchemaError } from '../schema/schema-error.ts'
import { getRootIdsFromEvent } from './get-root-ids-from-event.ts'

type Kind = Schema['type']
type Action = WALEvent['action']

interface Case {
  readonly event: WALEvent
  readonly ids?: readonly string[]
  /** The statement with its values, or nothing where no look-up may be needed. */
  readonly query?: string
  /** The code of the error, where the event is refused. */
  readonly refused?: string
}

const name: Schema = { type: 'column', column: 'name' }

const author = (hasFKConstraint: boolean): Schema => ({
  type: 'many-to-one',
  column: 'authorId',
  referencesTable: 'author',
  referencesColumn: 'id',
  hasFKConstraint,
  schema: name,
})

const schemas: Readonly<Record<Kind, Schema>> = {
  column: name,
  expression: { type: 'expression', sql: 'UPPER({name})', columns: ['name'] },
  object: { type: 'object', properties: { name } },
  'many-to-one': author(false),
  'one-to-many': {
    type: 'one-to-many',
    column: 'isbn',
    referencingTable: 'review',
    referencingColumn: 'bookIsbn',
    schema: name,
  },
  aggregate: {
    type: 'aggregate',
    function: 'max',
    column: 'isbn',
    referencingTable: 'review',
    referencingColumn: 'bookIsbn',
    schema: name,
  },
}

const onRoot: Readonly<Record<Action, Case>> = {
  INSERT: { event: { action: 'INSERT', table: 'book', data: { id: 1, name: 'a' } }, ids: ['1'] },
  UPDATE: {
    event: { action: 'UPDATE', table: 'book', data: { id: 2, name: 'a' }, dataOld: { id: 1, name: 'a' } },
    ids: ['2', '1'],
  },
  DELETE: { event: { action: 'DELETE', table: 'book', dataOld: { id: 1, name: 'a' } }, ids: ['1'] },
  TRUNCATE: { event: { action: 'TRUNCATE', table: 'book' }, refused: 'TRUNCATE_UNHANDLED' },
}

const find = (column: string, condition: string): string =>
  `SELECT "book_1"."id" AS "id" FROM "book" AS "book_1" WHERE "book_1"."${column}" ${condition} GROUP BY "book_1"."id"`

const onReviews: Readonly<Record<Action, Case>> = {
  INSERT: {
    event: { action: 'INSERT', table: 'review', data: { bookIsbn: 'x', name: 'a' } },
    query: find('isbn', `= 'x'`),
  },
  UPDATE: {
    event: {
      action: 'UPDATE',
      table: 'review',
      data: { bookIsbn: 'y', name: 'a' },
      dataOld: { bookIsbn: 'x', name: 'a' },
    },
    query: find('isbn', `IN ('y', 'x')`),
  },
  DELETE: {
    event: { action: 'DELETE', table: 'review', dataOld: { bookIsbn: 'x', name: 'a' } },
    query: find('isbn', `= 'x'`),
  },
  TRUNCATE: {
    event: { action: 'TRUNCATE', table: 'review' },
    query: 'SELECT "book_1"."id" AS "id" FROM "book" AS "book_1"',
  },
}

/** What an event on the table that the kind reads from leads to. Every kind and every action has its cell. */
const cases: Readonly<Record<Kind, Readonly<Record<Action, Case>>>> = {
  column: onRoot,
  expression: onRoot,
  object: onRoot,
  'many-to-one': {
    INSERT: {
      event: { action: 'INSERT', table: 'author', data: { id: 1, name: 'a' } },
      query: find('authorId', `= '1'`),
    },
    UPDATE: {
      event: { action: 'UPDATE', table: 'author', data: { id: 2, name: 'a' }, dataOld: { id: 1, name: 'a' } },
      query: find('authorId', `IN ('2', '1')`),
    },
    DELETE: {
      event: { action: 'DELETE', table: 'author', dataOld: { id: 1, name: 'a' } },
      query: find('authorId', `= '1'`),
    },
    TRUNCATE: {
      event: { action: 'TRUNCATE', table: 'author' },
      query: 'SELECT "book_1"."id" AS "id" FROM "book" AS "book_1"',
    },
  },
  'one-to-many': onReviews,
  aggregate: onReviews,
}

function rootOf(schema: Schema): RootSchema {
  return { table: 'book', primaryKey: 'id', schema }
}

function found(schema: Schema | RootSchema, event: WALEvent): { ids: string[]; query: string | undefined } {
  const { ids, query } = getRootIdsFromEvent('primaryKey' in schema ? schema : rootOf(schema), event)
  return { ids, query: query?.toString() }
}

function foundOrCode(schema: Schema, event: WALEvent): unknown {
  try {
    return found(schema, event)
  } catch (error) {
    return error instanceof CaptureError ? error.code : error
  }
}

const nothing = { ids: [], query: undefined }

describe('an event on the table that a kind reads', () => {
  const all = Object.entries(cases).flatMap(([kind, actions]) =>
    Object.entries(actions).map(([action, of]) => [kind as Kind, action as Action, of] as const),
  )

  test.each(all)(
    '%s, %s: tells ids, or the statement that finds them',
    (kind, _, { event, ids, query, refused }) => {
      expect(foundOrCode(schemas[kind], event)).toEqual(refused ?? { ids: ids ?? [], query })
    },
  )

  test.each(['INSERT', 'DELETE'] as const)(
    'many-to-one, %s: needs no look-up where a foreign key holds',
    (action) => {
      expect(found(author(true), cases['many-to-one'][action].event)).toEqual(nothing)
    },
  )

  test('many-to-one, UPDATE: needs the look-up also where a foreign key holds', () => {
    const { event, query } = cases['many-to-one'].UPDATE
    expect(found(author(true), event).query).toBe(query)
  })
})

describe('what the schema does not read', () => {
  test('is another table', () => {
    expect(found(author(false), { action: 'INSERT', table: 'publisher', data: {} })).toEqual(nothing)
    expect(found(author(false), { action: 'TRUNCATE', table: 'publisher' })).toEqual(nothing)
  })

  test('is another column, of the root or of a joined table', () => {
    for (const table of ['book', 'author']) {
      const event: WALEvent = {
        action: 'UPDATE',
        table,
        data: { id: 1, name: 'a', authorId: 2, age: 5 },
        dataOld: { id: 1, name: 'a', authorId: 2, age: 4 },
      }
      expect(found({ type: 'object', properties: { name, author: author(false) } }, event)).toEqual(nothing)
    }
  })

  test.each(['Book', 'book ', 'constructor', '__proto__', 'toString', 'library.book'])(
    'is a table called %s',
    (table) => {
      expect(found(name, { action: 'INSERT', table, data: { id: 1 } })).toEqual(nothing)
    },
  )

  test('is a table of that name in another Postgres schema', () => {
    expect(found(name, { action: 'INSERT', schema: 'library', table: 'book', data: { id: 1 } })).toEqual(
      nothing,
    )
  })
})

describe('tables and columns with names of their own', () => {
  test('public is the default for schema and event', () => {
    const event: WALEvent = { action: 'INSERT', schema: 'public', table: 'book', data: { id: 1 } }
    expect(found(name, event).ids).toEqual(['1'])
    expect(found({ ...rootOf(name), table: 'public.book' }, { ...event, schema: undefined }).ids).toEqual([
      '1',
    ])
  })

  test('a Postgres schema is known by either form', () => {
    const root: RootSchema = { ...rootOf(name), table: { schema: 'library', table: 'book' } }
    const event: WALEvent = { action: 'INSERT', table: 'library.book', data: { id: 1 } }
    expect(found(root, event).ids).toEqual(['1'])
    expect(found(root, { ...event, table: 'book', schema: 'library' }).ids).toEqual(['1'])
  })

  test('a table called constructor is a table', () => {
    const root: RootSchema = { ...rootOf(name), table: 'constructor' }
    expect(found(root, { action: 'INSERT', table: 'constructor', data: { id: 1 } }).ids).toEqual(['1'])
    expect(found(root, { action: 'INSERT', table: 'toString', data: { id: 1 } })).toEqual(nothing)
  })

  test('columns called constructor and __proto__ are columns', () => {
    const root: RootSchema = {
      table: 'book',
      primaryKey: 'constructor',
      schema: { type: 'column', column: '__proto__' },
    }
    const row = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>
    const event: WALEvent = {
      action: 'UPDATE',
      table: 'book',
      data: row('{"constructor": 1, "__proto__": "b"}'),
      dataOld: row('{"constructor": 1, "__proto__": "a"}'),
    }
    expect(found(root, event).ids).toEqual(['1'])
    expect(found(root, { ...event, dataOld: event.data })).toEqual(nothing)
  })
})

describe('ids', () => {
  test.each([
    ['a number', 1, '1'],
    ['a bigint', 9007199254740993n, '9007199254740993'],
    ['a text', 'é"\\', 'é"\\'],
    ['an empty text', '', ''],
    ['a boolean', false, 'false'],
    ['zero', 0, '0'],
  ])('of %s are text', (_, id, text) => {
    expect(found(name, { action: 'INSERT', table: 'book', data: { id } }).ids).toEqual([text])
  })

  test('are told once, whatever their type', () => {
    const event: WALEvent = {
      action: 'UPDATE',
      table: 'book',
      data: { id: '1', name: 'b' },
      dataOld: { id: 1n, name: 'a' },
    }
    expect(found(name, event).ids).toEqual(['1'])
  })

  test('come from the link of a row that points to the primary key of its root', () => {
    const reviews: Schema = {
      type: 'one-to-many',
      column: 'id',
      referencingTable: 'review',
      referencingColumn: 'bookId',
      schema: name,
    }
    expect(
      found(reviews, {
        action: 'UPDATE',
        table: 'review',
        data: { bookId: 2, name: 'a' },
        dataOld: { bookId: 1, name: 'a' },
      }),
    ).toEqual({ ids: ['2', '1'], query: undefined })
    expect(found(reviews, { action: 'INSERT', table: 'review', data: { bookId: null, name: 'a' } })).toEqual(
      nothing,
    )
  })
})

describe('a table with several places in the schema', () => {
  const person = (column: string): Schema => ({
    type: 'many-to-one',
    column,
    referencesTable: 'person',
    referencesColumn: 'id',
    hasFKConstraint: false,
    schema: name,
  })

  test('is looked up for each in one statement', () => {
    const event: WALEvent = { action: 'INSERT', table: 'person', data: { id: 1 } }
    const schema: Schema = {
      type: 'object',
      properties: { author: person('authorId'), editor: person('editorId') },
    }
    expect(found(schema, event).query).toBe(`${find('authorId', `= '1'`)} UNION ${find('editorId', `= '1'`)}`)
  })

  test('is looked up once where both have one path', () => {
    const event: WALEvent = { action: 'INSERT', table: 'person', data: { id: 1 } }
    const schema: Schema = { type: 'object', properties: { a: person('authorId'), b: person('authorId') } }
    expect(found(schema, event).query).toBe(find('authorId', `= '1'`))
  })

  test('is looked up for the places alone whose columns changed', () => {
    const older: Schema = { ...person('editorId'), schema: { type: 'column', column: 'age' } } as Schema
    const schema: Schema = { type: 'object', properties: { author: person('authorId'), editor: older } }
    const event: WALEvent = {
      action: 'UPDATE',
      table: 'person',
      data: { id: 1, name: 'a', age: 2 },
      dataOld: { id: 1, name: 'a', age: 1 },
    }
    expect(found(schema, event).query).toBe(find('editorId', `= '1'`))
  })

  test('gives ids and a query where it is the root too', () => {
    const sequel: Schema = {
      type: 'many-to-one',
      column: 'sequelOf',
      referencesTable: 'book',
      referencesColumn: 'id',
      hasFKConstraint: true,
      schema: name,
    }
    expect(
      found(sequel, {
        action: 'UPDATE',
        table: 'book',
        data: { id: 1, sequelOf: 2, name: 'b' },
        dataOld: { id: 1, sequelOf: 2, name: 'a' },
      }),
    ).toEqual({ ids: [], query: find('sequelOf', `= '1'`) })
    expect(
      found(sequel, {
        action: 'UPDATE',
        table: 'book',
        data: { id: 1, sequelOf: 2, name: 'a' },
        dataOld: { id: 1, sequelOf: 3, name: 'a' },
      }),
    ).toEqual({ ids: ['1'], query: undefined })
  })
})

describe('an UPDATE that moves a link', () => {
  const deep: Schema = {
    type: 'one-to-many',
    column: 'isbn',
    referencingTable: 'edition',
    referencingColumn: 'bookIsbn',
    schema: {
      type: 'many-to-one',
      column: 'printerId',
      referencesTable: 'printer',
      referencesColumn: 'id',
      hasFKConstraint: false,
      schema: {
        type: 'one-to-many',
        column: 'cityId',
        referencingTable: 'fair',
        referencingColumn: 'cityId',
        schema: name,
      },
    },
  }
  const update = (
    table: string,
    data: Record<string, unknown>,
    dataOld: Record<string, unknown>,
  ): WALEvent => ({
    action: 'UPDATE',
    table,
    data,
    dataOld,
  })

  test('of the root concerns the root', () => {
    expect(found(deep, update('book', { id: 1, isbn: 'b' }, { id: 1, isbn: 'a' }))).toEqual({
      ids: ['1'],
      query: undefined,
    })
  })

  test('in the middle, upwards, concerns the old and the new parents', () => {
    expect(
      found(deep, update('edition', { bookIsbn: 'b', printerId: 1 }, { bookIsbn: 'a', printerId: 1 })).query,
    ).toBe(find('isbn', `IN ('b', 'a')`))
  })

  test('in the middle, downwards, concerns the parents that it has', () => {
    expect(
      found(deep, update('edition', { bookIsbn: 'a', printerId: 2 }, { bookIsbn: 'a', printerId: 1 })).query,
    ).toBe(find('isbn', `= 'a'`))
  })

  test('of a key in the middle concerns who points to either', () => {
    expect(found(deep, update('printer', { id: 2, cityId: 5 }, { id: 1, cityId: 5 })).query).toBe(
      'SELECT "book_1"."id" AS "id" FROM "book" AS "book_1" JOIN "edition" AS "edition_1" ON "edition_1"."bookIsbn" = ' +
        `"book_1"."isbn" WHERE "edition_1"."printerId" IN ('2', '1') GROUP BY "book_1"."id"`,
    )
  })

  test('of a leaf concerns the old and the new parents', () => {
    expect(found(deep, update('fair', { cityId: 6, name: 'a' }, { cityId: 5, name: 'a' })).query).toBe(
      'SELECT "book_1"."id" AS "id" FROM "book" AS "book_1" JOIN "edition" AS "edition_1" ON "edition_1"."bookIsbn" = ' +
        '"book_1"."isbn" JOIN "printer" AS "printer_1" ON "printer_1"."id" = "edition_1"."printerId" WHERE ' +
        `"printer_1"."cityId" IN ('6', '5') GROUP BY "book_1"."id"`,
    )
  })
})

describe('an event or schema that is none', () => {
  test('is refused', () => {
    expect(() => found(name, { action: 'INSERT', table: 'book' } as unknown as WALEvent)).toThrow(
      CaptureError,
    )
    expect(() => found({ type: 'colum' } as unknown as Schema, cases.column.INSERT.event)).toThrow(
      SchemaError,
    )
  })

  test('is refused also where the schema does not read the table', () => {
    expect(() => found(name, { action: 'INSERT', table: 'other' } as unknown as WALEvent)).toThrow(
      CaptureError,
    )
  })

  test('a TRUNCATE of the root says what to give', () => {
    expect(() => found(name, { action: 'TRUNCATE', table: 'book' })).toThrow(
      /"book" was truncated.*onTruncate/,
    )
  })
})

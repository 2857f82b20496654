import { defineSchema, type IdOf, type ObjectOf, type RootSchema, type Schema } from 'pg-capture'
import { describe, expectTypeOf, test } from 'vitest'
import type { Bookshop, JsonValue } from './bookshop.ts'

// What is expected of types here, the compiler checks: `npm run check:types`.

const shop = defineSchema<Bookshop>()

const copies = {
  type: 'one-to-many',
  column: 'id',
  referencingTable: 'stock.copy',
  referencingColumn: 'book_id',
} as const
const loans = {
  type: 'one-to-many',
  column: ['book_id', 'number'],
  referencingTable: 'stock.loan',
  referencingColumn: ['book_id', 'number'],
} as const
const bookOfCopy = {
  type: 'many-to-one',
  column: 'book_id',
  referencesTable: 'book',
  referencesColumn: 'id',
} as const
const author = { type: 'many-to-one', referencesTable: 'author', referencesColumn: 'id' } as const
const shelf = { type: 'column', column: 'shelf' } as const
const reader = { type: 'column', column: 'reader' } as const
const name = { type: 'column', column: 'name' } as const

describe('ObjectOf', () => {
  test('columns are what JSON makes of them', () => {
    const schema = shop({
      table: 'book',
      primaryKey: 'id',
      schema: {
        type: 'object',
        properties: {
          id: { type: 'column', column: 'id' },
          title: { type: 'column', column: 'title' },
          subtitle: { type: 'column', column: 'subtitle' },
          price: { type: 'column', column: 'price' },
          weight: { type: 'column', column: 'weight' },
          status: { type: 'column', column: 'status' },
          created: { type: 'column', column: 'created_at' },
          details: { type: 'column', column: 'details' },
          tags: { type: 'column', column: 'tags' },
          sizes: { type: 'column', column: 'sizes' },
          cover: { type: 'column', column: 'cover' },
          loan: { type: 'column', column: 'loan' },
          available: { type: 'column', column: 'available' },
        },
      },
    })
    expectTypeOf<ObjectOf<typeof schema>>().toEqualTypeOf<{
      id: number | string
      title: string
      subtitle: string | null
      price: number | string | null
      weight: number | null
      status: 'draft' | 'published'
      created: string
      details: JsonValue
      tags: string[]
      sizes: (number | string)[] | null
      cover: string | null
      loan: string | null
      available: boolean
    }>()
  })

  test('objects nest, under any name', () => {
    const schema = shop({
      table: 'book',
      primaryKey: 'id',
      schema: {
        type: 'object',
        properties: {
          'of the book': {
            type: 'object',
            properties: {
              title: { type: 'column', column: 'title' },
              1: { type: 'column', column: 'weight' },
            },
          },
        },
      },
    })
    expectTypeOf<ObjectOf<typeof schema>>().toEqualTypeOf<{
      'of the book': { title: string; 1: number | null }
    }>()
  })

  test('a many-to-one is null where there may be no row', () => {
    const schema = shop({
      table: 'book',
      primaryKey: 'id',
      schema: {
        type: 'object',
        properties: {
          author: {
            ...author,
            column: 'authorId',
            hasFKConstraint: true,
            schema: { type: 'object', properties: { name } },
          },
          unpromised: { ...author, column: 'authorId', hasFKConstraint: false, schema: name },
          filtered: {
            ...author,
            column: 'authorId',
            hasFKConstraint: true,
            where: { born: { not: null } },
            schema: name,
          },
          editor: { ...author, column: 'editor_id', hasFKConstraint: true, schema: name },
          books: {
            ...author,
            column: 'editor_id',
            hasFKConstraint: true,
            schema: {
              type: 'one-to-many',
              column: 'id',
              referencingTable: 'book',
              referencingColumn: 'authorId',
              schema: { type: 'column', column: 'title' },
            },
          },
        },
      },
    })
    expectTypeOf<ObjectOf<typeof schema>>().toEqualTypeOf<{
      author: { name: string }
      unpromised: string | null
      filtered: string | null
      editor: string | null
      books: string[] | null
    }>()
  })

  test('a many-to-one by several columns', () => {
    const schema = shop({
      table: { schema: 'stock', table: 'loan' },
      primaryKey: ['book_id', 'number'],
      schema: {
        type: 'many-to-one',
        column: ['book_id', 'number'],
        referencesTable: 'stock.copy',
        referencesColumn: ['book_id', 'number'],
        hasFKConstraint: true,
        schema: {
          type: 'object',
          properties: {
            shelf,
            title: { ...bookOfCopy, hasFKConstraint: true, schema: { type: 'column', column: 'title' } },
          },
        },
      },
    })
    expectTypeOf<ObjectOf<typeof schema>>().toEqualTypeOf<{ shelf: string | null; title: string }>()
  })

  test('an array holds no NULL, unless it is told to', () => {
    const schema = shop({
      table: 'book',
      primaryKey: 'id',
      schema: {
        type: 'object',
        properties: {
          shelves: { ...copies, schema: shelf },
          all: { ...copies, keepNulls: true, schema: shelf },
          objects: { ...copies, schema: { type: 'object', properties: { shelf } } },
          titles: {
            ...copies,
            schema: { ...bookOfCopy, hasFKConstraint: false, schema: { type: 'column', column: 'title' } },
          },
          details: {
            ...copies,
            schema: { ...bookOfCopy, hasFKConstraint: false, schema: { type: 'column', column: 'details' } },
          },
        },
      },
    })
    expectTypeOf<ObjectOf<typeof schema>>().toEqualTypeOf<{
      shelves: string[]
      all: (string | null)[]
      objects: { shelf: string | null }[]
      titles: string[]
      details: JsonValue[]
    }>()
  })

  test('an array directly inside an array is flattened, unless it is told not to be', () => {
    const readers = { ...copies, schema: { ...loans, schema: reader } } as const
    const viaBook = {
      ...loans,
      schema: { ...bookOfCopy, hasFKConstraint: true, schema: { ...copies, schema: shelf } },
    } as const
    const schema = shop({
      table: 'book',
      primaryKey: 'id',
      schema: {
        type: 'object',
        properties: {
          readers,
          all: { ...readers, keepNulls: true },
          apart: { ...readers, flatten: false },
          through: { ...copies, schema: viaBook },
          throughApart: { ...copies, schema: { ...viaBook, flatten: false } },
          apartThrough: {
            ...copies,
            flatten: false,
            keepNulls: true,
            schema: { ...bookOfCopy, hasFKConstraint: false, schema: { ...copies, schema: shelf } },
          },
          inObjects: {
            ...copies,
            schema: { type: 'object', properties: { readers: { ...loans, schema: reader } } },
          },
          tags: {
            ...copies,
            schema: { ...bookOfCopy, hasFKConstraint: true, schema: { type: 'column', column: 'tags' } },
          },
        },
      },
    })
    expectTypeOf<ObjectOf<typeof schema>>().toEqualTypeOf<{
      readers: string[]
      all: (string | null)[]
      apart: string[][]
      through: string[]
      throughApart: string[][]
      apartThrough: (string[] | null)[]
      inObjects: { readers: string[] }[]
      tags: string[][]
    }>()
  })

  test('aggregates', () => {
    const ofCopies = { ...copies, type: 'aggregate' } as const
    const number = { type: 'column', column: 'number' } as const
    const schema = shop({
      table: 'book',
      primaryKey: 'id',
      schema: {
        type: 'object',
        properties: {
          count: { ...ofCopies, function: 'count' },
          readers: { ...ofCopies, function: 'count', schema: { ...loans, schema: reader } },
          exists: { ...ofCopies, function: 'exists' },
          sum: { ...ofCopies, function: 'sum', schema: number },
          average: { ...ofCopies, function: 'avg', schema: number },
          first: { ...ofCopies, function: 'min', schema: shelf },
          last: { ...ofCopies, function: 'max', schema: number },
          best: {
            ...ofCopies,
            function: 'max',
            schema: { ...bookOfCopy, hasFKConstraint: true, schema: { type: 'column', column: 'price' } },
          },
          most: { ...ofCopies, function: 'max', schema: { ...loans, type: 'aggregate', function: 'count' } },
        },
      },
    })
    expectTypeOf<ObjectOf<typeof schema>>().toEqualTypeOf<{
      count: number
      readers: number
      exists: boolean
      sum: number | string | null
      average: number | string | null
      first: string | null
      last: number | null
      best: number | string | null
      most: number | null
    }>()
  })

  test('casts and expressions', () => {
    const schema = shop({
      table: 'book',
      primaryKey: 'id',
      schema: {
        type: 'object',
        properties: {
          id: { type: 'column', column: 'id', cast: 'text' },
          price: { type: 'column', column: 'price', cast: 'float8' },
          exact: { type: 'column', column: 'price', cast: 'NUMERIC(10, 2)' },
          details: { type: 'column', column: 'details', cast: 'jsonb' },
          list: { type: 'column', column: 'title', cast: 'text[]' },
          upper: { type: 'expression', sql: 'UPPER({title})', columns: ['title'], cast: 'text' },
          open: { type: 'expression', sql: 'UPPER({title})', columns: ['title'] },
        },
      },
    })
    expectTypeOf<ObjectOf<typeof schema>>().toEqualTypeOf<{
      id: string
      price: number | null
      exact: number | string | null
      details: unknown
      list: unknown[]
      upper: string | null
      open: unknown
    }>()
  })

  test('without a DB every name is taken, and columns are unknown', () => {
    const schema = defineSchema()({
      table: 'any',
      primaryKey: 'id',
      where: { deleted: null, or: [{ a: 1 }, { b: { in: ['x'] } }] },
      schema: {
        type: 'object',
        properties: {
          title: { type: 'column', column: 'title' },
          author: {
            ...author,
            column: 'authorId',
            hasFKConstraint: true,
            schema: { type: 'object', properties: { name } },
          },
          shelves: { ...copies, orderBy: { column: 'shelf' }, schema: shelf },
          count: { ...copies, type: 'aggregate', function: 'count' },
        },
      },
    })
    expectTypeOf<ObjectOf<typeof schema>>().toEqualTypeOf<{
      title: unknown
      author: { name: unknown } | null
      shelves: unknown[]
      count: number
    }>()
  })

  test('of a schema that says nothing to the compiler it is unknown', () => {
    expectTypeOf<ObjectOf<RootSchema>>().toBeUnknown()
    const part: Schema = { type: 'column', column: 'title' }
    const schema = defineSchema()({ table: 'book', primaryKey: 'id', schema: part })
    expectTypeOf<ObjectOf<typeof schema>>().toBeUnknown()
  })
})

describe('IdOf', () => {
  test('is a string, whatever the type of the key', () => {
    const schema = shop({ table: 'author', primaryKey: 'id', schema: name })
    expectTypeOf<IdOf<typeof schema>>().toBeString()
    expectTypeOf<IdOf<RootSchema>>().toBeString()
  })

  test('is an object of the columns of a key of several', () => {
    const schema = shop({ table: 'stock.copy', primaryKey: ['book_id', 'number'], schema: shelf })
    expectTypeOf<IdOf<typeof schema>>().toEqualTypeOf<{ book_id: string; number: string }>()
  })
})

test('a defined schema is a root schema', () => {
  expectTypeOf(shop({ table: 'author', primaryKey: 'id', schema: name })).toExtend<RootSchema>()
})

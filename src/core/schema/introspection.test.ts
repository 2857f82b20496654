import { describe, expect, test } from 'vitest'
import { introspection } from './introspection.ts'
import type { RootSchema, Schema } from './schema.ts'

const id: Schema = { type: 'column', column: 'id' }

function manyToOne(column: string, referencesTable: string, schema: Schema): Schema {
  return {
    type: 'many-to-one',
    column,
    referencesTable,
    referencesColumn: 'id',
    hasFKConstraint: true,
    schema,
  }
}

function oneToMany(referencingTable: string, referencingColumn: string, schema: Schema): Schema {
  return { type: 'one-to-many', column: 'id', referencingTable, referencingColumn, schema }
}

function ofBook(schema: Schema): ReturnType<typeof introspection> {
  return introspection({ table: 'book', primaryKey: 'id', schema })
}

describe('introspection', () => {
  test("of the source document's schema tells its tables, columns and shape", () => {
    const schema: RootSchema = {
      table: 'book',
      primaryKey: 'id',
      schema: {
        type: 'object',
        properties: {
          id,
          title: { type: 'column', column: 'title' },
          author: manyToOne('authorId', 'author', { type: 'column', column: 'name' }),
        },
      },
    }
    expect(introspection(schema)).toEqual({
      tables: [
        { table: 'book', columns: ['id', 'title', 'authorId'] },
        { table: 'author', columns: ['id', 'name'] },
      ],
      output: {
        type: 'object',
        properties: {
          id: { type: 'column', table: 'book', column: 'id' },
          title: { type: 'column', table: 'book', column: 'title' },
          author: { type: 'column', table: 'author', column: 'name' },
        },
      },
    })
  })

  test('tells the columns of an expression, and casts', () => {
    const expression: Schema = { type: 'expression', sql: 'UPPER({title})', columns: ['title'], cast: 'text' }
    expect(
      ofBook({ type: 'object', properties: { id: { ...id, cast: 'text' }, shouted: expression } }),
    ).toEqual({
      tables: [{ table: 'book', columns: ['id', 'title'] }],
      output: {
        type: 'object',
        properties: {
          id: { type: 'column', table: 'book', column: 'id', cast: 'text' },
          shouted: { ...expression, table: 'book' },
        },
      },
    })
  })

  test('lists the columns of filters, orders, and keys of several columns', () => {
    const schema: RootSchema = {
      table: 'order',
      primaryKey: ['shop', 'number'],
      where: { deletedAt: null },
      schema: {
        type: 'one-to-many',
        column: ['shop', 'number'],
        referencingTable: 'line',
        referencingColumn: ['shop', 'orderNumber'],
        where: { or: [{ count: { gt: 0 } }, { gift: true }] },
        orderBy: [{ column: 'position' }],
        limit: 3,
        schema: { type: 'column', column: 'title' },
      },
    }
    const [order, line] = introspection(schema).tables
    expect([order?.table, ...(order?.columns ?? []).toSorted()]).toEqual([
      'order',
      'deletedAt',
      'number',
      'shop',
    ])
    expect([line?.table, ...(line?.columns ?? []).toSorted()]).toEqual([
      'line',
      'count',
      'gift',
      'orderNumber',
      'position',
      'shop',
      'title',
    ])
  })

  test('names a table that is read twice once, with the columns of both places, each once', () => {
    const { tables, output } = ofBook({
      type: 'object',
      properties: {
        author: manyToOne('authorId', 'person', { type: 'column', column: 'name' }),
        editor: manyToOne('editorId', 'public.person', {
          type: 'object',
          properties: { name: { type: 'column', column: 'name' }, age: { type: 'column', column: 'age' } },
        }),
      },
    })
    expect(tables).toEqual([
      { table: 'book', columns: ['id', 'authorId', 'editorId'] },
      { table: 'person', columns: ['id', 'name', 'age'] },
    ])
    expect(output).toMatchObject({
      properties: { author: { type: 'column', table: 'person', column: 'name' } },
    })
  })

  test('puts the columns of a table that refers to itself together', () => {
    expect(ofBook(manyToOne('sequelOf', 'book', { type: 'column', column: 'title' })).tables).toEqual([
      { table: 'book', columns: ['id', 'sequelOf', 'title'] },
    ])
  })

  test('keeps tables of one name in two Postgres schemas apart', () => {
    expect(ofBook(manyToOne('archivedId', 'archive.book', id)).tables).toEqual([
      { table: 'book', columns: ['id', 'archivedId'] },
      { table: 'archive.book', columns: ['id'] },
    ])
  })

  test('shows a one-to-many as an array', () => {
    expect(ofBook(oneToMany('review', 'bookId', id)).output).toEqual({
      type: 'array',
      items: { type: 'column', table: 'review', column: 'id' },
    })
  })

  test('shows one array where a one-to-many directly inside another is flattened', () => {
    expect(ofBook(oneToMany('edition', 'bookId', oneToMany('copy', 'editionId', id))).output).toEqual({
      type: 'array',
      items: { type: 'column', table: 'copy', column: 'id' },
    })
  })

  test('shows an array of arrays where it is not flattened', () => {
    const editions = oneToMany('edition', 'bookId', oneToMany('copy', 'editionId', id))
    expect(ofBook({ ...editions, flatten: false } as Schema).output).toEqual({
      type: 'array',
      items: { type: 'array', items: { type: 'column', table: 'copy', column: 'id' } },
    })
  })

  test('shows an aggregate, and of what it is', () => {
    const reviews = { column: 'id', referencingTable: 'review', referencingColumn: 'bookId' }
    const count = ofBook({ type: 'aggregate', function: 'count', ...reviews })
    expect(count.output).toEqual({ type: 'aggregate', function: 'count', table: 'review' })
    expect(count.tables).toEqual([
      { table: 'book', columns: ['id'] },
      { table: 'review', columns: ['bookId'] },
    ])
    const votes = oneToMany('vote', 'reviewId', { type: 'column', column: 'stars' })
    expect(ofBook({ type: 'aggregate', function: 'max', ...reviews, schema: votes }).output).toEqual({
      type: 'aggregate',
      function: 'max',
      table: 'review',
      of: { type: 'column', table: 'vote', column: 'stars' },
    })
  })

  test('shows one array also where a many-to-one stands between', () => {
    const copies = oneToMany('copy', 'editionId', id)
    expect(ofBook(oneToMany('listing', 'bookId', manyToOne('editionId', 'edition', copies))).output).toEqual({
      type: 'array',
      items: { type: 'column', table: 'copy', column: 'id' },
    })
  })

  test('shows the inner array of an object as its own', () => {
    const copies = oneToMany('copy', 'editionId', id)
    const output = ofBook(oneToMany('edition', 'bookId', { type: 'object', properties: { copies } })).output
    expect(output).toEqual({
      type: 'array',
      items: {
        type: 'object',
        properties: { copies: { type: 'array', items: { type: 'column', table: 'copy', column: 'id' } } },
      },
    })
  })

  test('keeps a property called __proto__', () => {
    const properties = JSON.parse('{"__proto__": {"type": "column", "column": "id"}}')
    const { output } = ofBook({ type: 'object', properties })
    expect(JSON.stringify(output)).toBe(
      '{"type":"object","properties":{"__proto__":{"type":"column","table":"book","column":"id"}}}',
    )
  })
})

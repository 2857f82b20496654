import { describe, expect, test } from 'vitest'
import { planOf, type TableNode } from './plan.ts'
import type { RootSchema, Schema } from './schema.ts'
import { SchemaError } from './schema-error.ts'

function rootOf(schema: Schema, table: RootSchema['table'] = 'book'): RootSchema {
  return { table, primaryKey: 'id', schema }
}

const title: Schema = { type: 'column', column: 'title' }
const name: Schema = { type: 'column', column: 'name' }

function author(schema: Schema = name, hasFKConstraint = true): Schema {
  return {
    type: 'many-to-one',
    column: 'authorId',
    referencesTable: 'author',
    referencesColumn: 'code',
    hasFKConstraint,
    schema,
  }
}

function reviews(schema: Schema): Schema {
  return {
    type: 'one-to-many',
    column: 'isbn',
    referencingTable: 'review',
    referencingColumn: 'bookIsbn',
    schema,
  }
}

describe('planOf', () => {
  test('makes of a column one place, which reads the key and the column', () => {
    const plan = planOf(rootOf(title))
    expect(plan.nodes).toEqual([plan.root])
    expect(plan.root).toEqual({
      table: { schema: undefined, table: 'book' },
      link: null,
      filter: null,
      order: [],
      limit: null,
      columns: ['id', 'title'],
      output: { kind: 'column', column: 'title', cast: null },
    })
  })

  test('makes of an expression its pieces, and reads its columns', () => {
    const sql = '{a} || {{ {b}'
    const { root } = planOf(rootOf({ type: 'expression', sql, columns: ['b', 'a'], cast: 'text' }))
    expect(root.columns).toEqual(['id', 'b', 'a'])
    expect(root.output).toEqual({
      kind: 'expression',
      sql,
      columns: ['b', 'a'],
      parts: [{ column: 'a' }, ' || { ', { column: 'b' }],
      cast: 'text',
    })
  })

  test('makes of keys of several columns pairs, in their order', () => {
    const plan = planOf({
      table: 'line',
      primaryKey: ['order', 'place'],
      schema: {
        type: 'one-to-many',
        column: ['place', 'order'],
        referencingTable: 'note',
        referencingColumn: ['linePlace', 'lineOrder'],
        schema: title,
      },
    })
    expect(plan.primaryKey).toEqual(['order', 'place'])
    expect(plan.root.columns).toEqual(['order', 'place'])
    expect(plan.nodes[1]?.columns).toEqual(['linePlace', 'lineOrder', 'title'])
    expect(plan.nodes[1]?.link?.pairs).toEqual([
      { child: 'linePlace', parent: 'place' },
      { child: 'lineOrder', parent: 'order' },
    ])
  })

  test('makes of a many-to-one a link to at most one row, which both of its sides read', () => {
    const plan = planOf(rootOf(author()))
    const [root, node] = plan.nodes as [TableNode, TableNode]
    expect(root.columns).toEqual(['id', 'authorId'])
    expect(root.output).toEqual({ kind: 'row', node })
    expect(node.columns).toEqual(['code', 'name'])
    expect(node.link).toEqual({
      parent: root,
      pairs: [{ child: 'code', parent: 'authorId' }],
      cardinality: 'one',
      guaranteed: true,
    })
  })

  test('makes of a one-to-many a link to any number of rows, which nothing guarantees', () => {
    const plan = planOf(rootOf(reviews({ type: 'column', column: 'rating' })))
    const [root, node] = plan.nodes as [TableNode, TableNode]
    expect(root.columns).toEqual(['id', 'isbn'])
    expect(root.output).toEqual({ kind: 'rows', node, flatten: true, keepNulls: false })
    expect(node.columns).toEqual(['bookIsbn', 'rating'])
    expect(node.link).toEqual({
      parent: root,
      pairs: [{ child: 'bookIsbn', parent: 'isbn' }],
      cardinality: 'many',
      guaranteed: false,
    })
  })

  test('believes no foreign key that is not promised', () => {
    expect(planOf(rootOf(author(name, false))).nodes[1]?.link?.guaranteed).toBe(false)
  })

  test('gives a table two places where the schema reads it twice, and finds both by its name', () => {
    const plan = planOf(
      rootOf({
        type: 'object',
        properties: { author: author(), editor: author({ type: 'column', column: 'age' }) },
      }),
    )
    expect(plan.nodes.map((node) => node.columns)).toEqual([
      ['id', 'authorId'],
      ['code', 'name'],
      ['code', 'age'],
    ])
    const places = [...plan.nodesByTable.values()]
    expect(places).toEqual([[plan.root], plan.nodes.slice(1)])
  })

  test('finds the places of a table that refers to itself together with the root', () => {
    const plan = planOf(
      rootOf({
        type: 'many-to-one',
        column: 'sequelOf',
        referencesTable: 'public.book',
        referencesColumn: 'id',
        hasFKConstraint: true,
        schema: title,
      }),
    )
    expect([...plan.nodesByTable.values()]).toEqual([plan.nodes])
  })

  test('reads a column once, however often it is named', () => {
    const plan = planOf(
      rootOf({ type: 'object', properties: { a: title, b: title, c: { type: 'column', column: 'id' } } }),
    )
    expect(plan.root.columns).toEqual(['id', 'title'])
  })

  test('keeps the order of the schema: the root, then each relation before what it holds', () => {
    const plan = planOf(
      rootOf({ type: 'object', properties: { reviews: reviews(author()), author: author(reviews(title)) } }),
    )
    expect(plan.nodes.map((node) => node.table.table)).toEqual([
      'book',
      'review',
      'author',
      'author',
      'review',
    ])
  })

  test('keeps a property called __proto__', () => {
    const properties = JSON.parse('{"__proto__": {"type": "column", "column": "title"}}')
    expect(planOf(rootOf({ type: 'object', properties })).root.output).toEqual({
      kind: 'object',
      properties: [['__proto__', { kind: 'column', column: 'title', cast: null }]],
    })
  })

  test('compiles a schema once', () => {
    const schema = rootOf(title)
    expect(planOf(schema)).toBe(planOf(schema))
  })

  test('refuses a schema that can not work', () => {
    expect(() => planOf({ table: 'book', primaryKey: 'id' } as RootSchema)).toThrow(SchemaError)
  })
})

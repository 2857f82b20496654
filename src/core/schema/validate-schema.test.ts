import { describe, expect, test } from 'vitest'
import { CaptureError } from '../errors/capture-error.ts'
import type { RootSchema, Schema } from './schema.ts'
import { SchemaError, type SchemaIssue } from './schema-error.ts'
import { validateSchema } from './validate-schema.ts'

const column = { type: 'column', column: 'id' }

/** A right value of each kind, from which a test takes or changes one field. */
const right: Readonly<Record<Schema['type'], Readonly<Record<string, unknown>>>> = {
  column,
  expression: { type: 'expression', sql: 'ABS({id})', columns: ['id'] },
  object: { type: 'object', properties: { id: column } },
  'many-to-one': {
    type: 'many-to-one',
    column: 'authorId',
    referencesTable: 'author',
    referencesColumn: 'id',
    hasFKConstraint: true,
    schema: column,
  },
  'one-to-many': {
    type: 'one-to-many',
    column: 'id',
    referencingTable: 'review',
    referencingColumn: 'bookId',
    schema: column,
  },
  aggregate: {
    type: 'aggregate',
    function: 'count',
    column: 'id',
    referencingTable: 'review',
    referencingColumn: 'bookId',
  },
}

/** The fields of each kind that may be left out, with right values. */
const options: Readonly<Record<Schema['type'], Readonly<Record<string, readonly unknown[]>>>> = {
  column: { cast: ['text', undefined] },
  expression: { cast: ['text', undefined] },
  object: {},
  'many-to-one': { where: [{ deletedAt: null }, undefined] },
  'one-to-many': {
    flatten: [true, false, undefined],
    keepNulls: [true, false, undefined],
    where: [{ deletedAt: null }, undefined],
    orderBy: [
      { column: 'a' },
      [
        { column: 'a', direction: 'desc', nulls: 'last' },
        { column: 'b', direction: 'asc', nulls: 'first' },
      ],
      [],
    ],
    limit: [1, 1_000, undefined],
  },
  aggregate: { where: [{ deletedAt: null }, undefined], schema: [column, undefined] },
}

const kinds = Object.keys(right) as Schema['type'][]

function rootOf(schema: unknown): unknown {
  return { table: 'book', primaryKey: 'id', schema }
}

function issuesOf(root: unknown): readonly SchemaIssue[] {
  try {
    validateSchema(root as RootSchema)
  } catch (error) {
    if (error instanceof SchemaError) return error.issues
    throw error
  }
  return []
}

describe('a right schema', () => {
  test.each(kinds)('of the kind %s is taken', (kind) => {
    expect(issuesOf(rootOf(right[kind]))).toEqual([])
  })

  const holders = kinds.filter((kind) => kind !== 'column' && kind !== 'expression')
  const pairs = holders.flatMap((outer) => kinds.map((inner) => [outer, inner] as const))
  test.each(pairs.filter(([outer, inner]) => outer !== 'aggregate' || inner !== 'object'))(
    'may hold in a %s a %s',
    (outer, inner) => {
      const nested =
        outer === 'object'
          ? { type: 'object', properties: { of: right[inner] } }
          : { ...right[outer], schema: right[inner] }
      expect(issuesOf(rootOf(nested))).toEqual([])
    },
  )

  test.each([
    'library.book',
    'a.b.c',
    { table: 'odd.name' },
    { schema: 'library', table: 'book' },
    { schema: undefined, table: 'book' },
    'constructor',
    'a"b',
    'x'.repeat(63),
    `${'x'.repeat(63)}.${'x'.repeat(63)}`,
  ])('may name its table %j', (table) => {
    expect(issuesOf({ table, primaryKey: 'id', schema: column })).toEqual([])
  })

  test.each(['', ' ', '__proto__', 'constructor', `it's`, '"', '\\', '$1', '📚', 'x'.repeat(1000), '0'])(
    'may have a property called %j',
    (name) => {
      const properties = Object.defineProperty({}, name, { value: column, enumerable: true })
      expect(issuesOf(rootOf({ type: 'object', properties }))).toEqual([])
    },
  )

  test('may use one part in many places', () => {
    const shared = { type: 'object', properties: { id: column } }
    expect(issuesOf(rootOf({ type: 'object', properties: { a: shared, b: shared } }))).toEqual([])
  })

  test('may have 200 properties', () => {
    const properties = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`p${index}`, column]))
    expect(issuesOf(rootOf({ type: 'object', properties }))).toEqual([])
  })
})

describe('what is no schema at all', () => {
  test.each([undefined, null, 'book', 1, [], [column]])('%j is refused as a root', (root) => {
    expect(issuesOf(root)).toEqual([
      { path: 'the schema', message: 'has to be an object with table, primaryKey and schema' },
    ])
  })

  test.each([undefined, null, 'id', 1, [], [column]])('%j is refused as a schema', (schema) => {
    expect(issuesOf(rootOf(schema))).toEqual([
      { path: 'schema', message: 'has to be a schema, an object with a "type"' },
    ])
  })

  test.each([undefined, 'columns', 'Column', 1, null, 'constructor', '__proto__', 'toString'])(
    'the kind %j is refused',
    (type) => {
      expect(issuesOf(rootOf({ ...column, type }))).toEqual([
        {
          path: 'schema.type',
          message: 'has to be one of column, expression, object, many-to-one, one-to-many, aggregate',
        },
      ])
    },
  )
})

describe('a key', () => {
  const link = { ...right['many-to-one'], column: ['a', 'b'], referencesColumn: ['c', 'd'] }

  test('is a column, or a list of them', () => {
    expect(issuesOf({ table: 'line', primaryKey: ['order', 'place'], schema: column })).toEqual([])
    expect(issuesOf({ table: 'line', primaryKey: ['id'], schema: column })).toEqual([])
    expect(issuesOf(rootOf(link))).toEqual([])
    expect(issuesOf(rootOf({ ...link, column: ['a'], referencesColumn: 'c' }))).toEqual([])
  })

  test.each([
    [[], 'primaryKey', 'is empty; a key has at least one column'],
    [['a', 'a'], 'primaryKey', 'has a column twice'],
    [['a', ''], 'primaryKey[1]', 'has to be the name of a column'],
    [['a', ['b']], 'primaryKey[1]', 'has to be the name of a column'],
  ])('can not be %j', (primaryKey, path, message) => {
    expect(issuesOf({ table: 'line', primaryKey, schema: column })).toEqual([{ path, message }])
  })

  test.each(['one-to-many', 'aggregate'] as const)('of a %s has as many columns at both ends', (kind) => {
    expect(issuesOf(rootOf({ ...right[kind], column: ['a', 'b'] }))).toEqual([
      { path: 'schema.referencingColumn', message: 'has to be of as many columns as "column": 2, and not 1' },
    ])
  })

  test('of a many-to-one has as many columns at both ends', () => {
    expect(issuesOf(rootOf({ ...link, column: 'a' }))).toEqual([
      { path: 'schema.referencesColumn', message: 'has to be of as many columns as "column": 1, and not 2' },
    ])
  })
})

describe('an expression', () => {
  const of = (sql: string, columns: string[]): readonly SchemaIssue[] =>
    issuesOf(rootOf({ type: 'expression', sql, columns }))

  test.each([
    ['UPPER({a})', ['a']],
    [`'{{}}' || {a} || {a}`, ['a']],
    ['1', []],
    ['{a}b} || {a}', ['a', 'a}b']],
    ['{{{a}}}', ['a']],
  ])('%s over %j is taken', (sql, columns) => {
    expect(of(sql, columns)).toEqual([])
  })

  test.each([
    ['{a} || {b}', ['a'], 'schema.sql', 'names the column "b", which "columns" does not declare'],
    ['{A}', ['a'], 'schema.sql', 'names the column "A", which "columns" does not declare'],
    [
      '{a} || {',
      ['a'],
      'schema.sql',
      'has a "{" that belongs to no column; a brace in the SQL is written twice',
    ],
    [
      '{a} }',
      ['a'],
      'schema.sql',
      'has a "}" that belongs to no column; a brace in the SQL is written twice',
    ],
    ['a', ['a'], 'schema.columns[0]', 'is not in the SQL, as {a}'],
    ['{a}', ['a', 'a'], 'schema.columns', 'has a column twice'],
    ['', [], 'schema.sql', 'has to be an expression in SQL'],
    ['\0', [], 'schema.sql', 'has a NUL character or half a surrogate pair, which Postgres can not hold'],
  ])('%s over %j is refused', (sql, columns, path, message) => {
    expect(of(sql, columns)).toEqual([{ path, message }])
  })
})

describe('where', () => {
  const issuesOfWhere = (where: unknown): readonly SchemaIssue[] =>
    issuesOf({ table: 'book', primaryKey: 'id', schema: column, where })

  test.each([
    [{ deletedAt: null }],
    [{ a: 'x', b: 1, c: 1n, d: false, e: 0.5, f: -1e-300 }],
    [{ a: { equals: null }, b: { not: null }, c: { not: 'x' } }],
    [{ a: { in: ['x'] }, b: { notIn: [1, 2n, true] } }],
    [{ a: { gte: 1, lt: 5, gt: undefined, lte: '3' } }],
    [{ or: [{ a: 1 }, { and: [{ b: 1 }, { or: [{ c: 1 }] }] }] }],
    [{ or: 1, and: { in: [1] }, in: null, equals: { equals: 1 } }],
  ])('%o is taken', (where) => {
    expect(issuesOfWhere(where)).toEqual([])
  })

  test.each([
    [[{ a: 1 }], 'where', 'has to be a condition'],
    ['a = 1', 'where', 'has to be a condition'],
    [{}, 'where', 'is empty'],
    [{ '': 1 }, 'where[""]', 'has to be the name of a column'],
    [{ a: undefined }, 'where.a', 'has to be a text, a number, a bigint, true or false, or null'],
    [{ a: {} }, 'where.a', 'is empty; the tests are equals, not, in, notIn, lt, lte, gt, gte'],
    [{ a: { equals: undefined } }, 'where.a', 'is empty'],
    [{ a: { eq: 1 } }, 'where.a.eq', 'is no test; the tests are equals'],
    [{ a: { constructor: 1 } }, 'where.a.constructor', 'is no test'],
    [{ a: { lt: null } }, 'where.a.lt', 'has to be a text, a number, a bigint, true or false'],
    [{ a: new Date(0) }, 'where.a', 'is empty'],
    [{ a: ['x'] }, 'where.a', 'has a list for a test; say { in: [...] }'],
    [{ a: { in: [] } }, 'where.a.in', 'has to be a list of values, at least one'],
    [{ a: { in: 'x' } }, 'where.a.in', 'has to be a list of values, at least one'],
    [{ a: { notIn: [1, null] } }, 'where.a.notIn[1]', 'test for null apart'],
    [{ a: 2 ** 53 }, 'where.a', 'beyond 2^53'],
    [{ a: 'x\0' }, 'where.a', 'has a NUL character'],
    [{ or: [] }, 'where.or', 'is empty; it needs at least one condition'],
    [{ and: [{ a: 1 }, { or: [{}] }] }, 'where.and[1].or[0]', 'is empty'],
    [{ and: [1] }, 'where.and[0]', 'has to be a condition'],
  ])('%o is refused', (where, path, message) => {
    const [issue, ...others] = issuesOfWhere(where)
    expect(others).toEqual([])
    expect(issue).toEqual({ path, message: expect.stringContaining(message) })
  })
})

describe('a condition that holds itself', () => {
  test('is refused where it begins anew', () => {
    const circle: Record<string, unknown> = { a: 1 }
    circle['or'] = [{ b: 1 }, { and: [circle] }]
    expect(issuesOf({ table: 'book', primaryKey: 'id', schema: column, where: circle })).toEqual([
      { path: 'where.or[1].and[0]', message: 'holds itself; a condition has to end somewhere' },
    ])
  })

  test('is none that is used twice', () => {
    const shared = { a: 1 }
    const where = { or: [shared, { and: [shared, { b: 1 }] }] }
    expect(issuesOf({ table: 'book', primaryKey: 'id', schema: column, where })).toEqual([])
  })
})

describe('orderBy and limit', () => {
  const issuesOfArray = (fields: object): readonly SchemaIssue[] =>
    issuesOf(rootOf({ ...right['one-to-many'], ...fields }))

  test.each([
    [{ orderBy: 'year' }, 'schema.orderBy', 'has to be an order, { column: … }, or a list of them'],
    [{ orderBy: ['year'] }, 'schema.orderBy[0]', 'has to be an order, { column: … }, or a list of them'],
    [
      { orderBy: { column: 'a', direction: 'down' } },
      'schema.orderBy.direction',
      'has to be one of asc, desc',
    ],
    [{ orderBy: [{ column: 'a', nulls: 1 }] }, 'schema.orderBy[0].nulls', 'has to be one of first, last'],
    [{ limit: 0 }, 'schema.limit', 'has to be a whole number from 1'],
    [{ limit: '3' }, 'schema.limit', 'has to be a whole number from 1'],
  ])('%o is refused', (fields, path, message) => {
    expect(issuesOfArray(fields)).toEqual([{ path, message }])
  })
})

describe('an aggregate', () => {
  const of = (name: string, schema?: unknown): readonly SchemaIssue[] =>
    issuesOf(rootOf({ ...right.aggregate, function: name, schema }))
  const object = { type: 'object', properties: { a: column } }
  const array = { ...right['one-to-many'] }

  test.each(['count', 'exists'])('%s may be about rows, or about values', (name) => {
    expect(of(name)).toEqual([])
    expect(of(name, column)).toEqual([])
  })

  test.each(['sum', 'min', 'max', 'avg'])('%s is about values', (name) => {
    expect(of(name)).toEqual([
      { path: 'schema.schema', message: `is missing; ${name} needs to know of what` },
    ])
    for (const schema of [
      column,
      { ...right['many-to-one'], schema: column },
      { ...array, schema: { ...array, orderBy: { column: 'id' }, limit: 1 } },
      { ...right.aggregate, function: 'count' },
      { ...array, flatten: false },
    ])
      expect(of(name, schema)).toEqual([])
  })

  test.each([
    [object],
    [{ ...right['many-to-one'], schema: object }],
    [{ ...array, schema: object }],
    [{ ...array, flatten: false, schema: { ...right['many-to-one'], schema: array } }],
  ])('of what are no single values is refused: %j', (schema) => {
    expect(of('sum', schema)).toEqual([
      {
        path: 'schema.schema',
        message: 'has to lead to single values: to a column, not to an object or to arrays',
      },
    ])
  })

  test('of another function is refused, and so is keepNulls, as NULL is left out', () => {
    expect(of('median', column)).toEqual([
      { path: 'schema.function', message: 'has to be one of count, exists, sum, min, max, avg' },
    ])
    expect(of('count', { ...array, keepNulls: true })).toEqual([
      { path: 'schema.schema.keepNulls', message: 'has no effect, as an aggregate leaves NULL out' },
    ])
  })
})

describe('keepNulls', () => {
  const keeping = { ...right['one-to-many'], keepNulls: true }
  const message = 'has no effect, as this array is flattened into the one around it; say it there'

  test('of an array that is flattened into another is refused', () => {
    const through = { ...right['many-to-one'], schema: keeping }
    expect(issuesOf(rootOf({ ...right['one-to-many'], schema: keeping }))).toEqual([
      { path: 'schema.schema.keepNulls', message },
    ])
    const properties = { a: { ...right['one-to-many'], schema: through } }
    expect(issuesOf(rootOf({ type: 'object', properties }))).toEqual([
      { path: 'schema.properties.a.schema.schema.keepNulls', message },
    ])
  })

  test('of an array that stays one is taken', () => {
    expect(issuesOf(rootOf({ ...keeping, flatten: false, schema: keeping }))).toEqual([])
    expect(issuesOf(rootOf({ ...keeping, schema: { type: 'object', properties: { a: keeping } } }))).toEqual(
      [],
    )
  })
})

describe('a field', () => {
  const fields = kinds.flatMap((kind) =>
    Object.keys(right[kind])
      .filter((field) => field !== 'type')
      .map((field) => [kind, field] as const),
  )

  test.each(fields)('%s.%s that is missing is named', (kind, field) => {
    const { [field]: _, ...rest } = right[kind]
    expect(issuesOf(rootOf(rest)).map(({ path }) => path)).toEqual([`schema.${field}`])
  })

  test.each(fields)('%s.%s of a wrong type is named', (kind, field) => {
    expect(issuesOf(rootOf({ ...right[kind], [field]: 5 })).map(({ path }) => path)).toEqual([
      `schema.${field}`,
    ])
  })

  const optional = kinds.flatMap((kind) => Object.keys(options[kind]).map((field) => [kind, field] as const))

  test.each(optional)('%s.%s may be left out, and is checked where it is given', (kind, field) => {
    for (const value of options[kind][field]!)
      expect(issuesOf(rootOf({ ...right[kind], [field]: value }))).toEqual([])
    for (const value of [0.5, null, { anything: { is: 1 } }]) {
      const [issue, ...others] = issuesOf(rootOf({ ...right[kind], [field]: value }))
      for (const found of [issue, ...others]) expect(found?.path).toMatch(new RegExp(`^schema\\.${field}`))
    }
  })

  test.each(['table', 'primaryKey', 'schema'])('%s of the root that is missing is named', (field) => {
    const root: Record<string, unknown> = { table: 'book', primaryKey: 'id', schema: column }
    delete root[field]
    expect(issuesOf(root).map(({ path }) => path)).toEqual([field])
  })

  test.each(kinds)('too many in a %s is named, as it may be misspelt', (kind) => {
    const [issue, ...others] = issuesOf(rootOf({ ...right[kind], hasFkConstraint: true }))
    expect(others).toEqual([])
    expect(issue?.path).toBe('schema.hasFkConstraint')
    const fields = [...Object.keys(right[kind]), ...Object.keys(options[kind])]
    expect(issue?.message).toContain(`the fields are ${fields.join(', ')}`)
  })

  test('too many in the root is named', () => {
    expect(issuesOf({ table: 'book', primaryKey: 'id', schema: column, filter: {} })).toEqual([
      { path: 'filter', message: 'is no field here; the fields are table, primaryKey, schema, where' },
    ])
  })
})

describe('a name', () => {
  test.each([
    ['', 'has to be the name of a column'],
    [null, 'has to be the name of a column'],
    ['a\ud800', 'has a NUL character or half a surrogate pair, which Postgres can not hold'],
    ['a\0b', 'has a NUL character or half a surrogate pair, which Postgres can not hold'],
    ['x'.repeat(64), 'has 64 bytes; Postgres cuts names off after 63'],
    ['📚'.repeat(16), 'has 64 bytes; Postgres cuts names off after 63'],
  ])('of a column can not be %j', (name, message) => {
    expect(issuesOf(rootOf({ type: 'column', column: name }))).toEqual([{ path: 'schema.column', message }])
  })

  test.each([
    ['', 'table', 'has to be the name of a table'],
    ['.book', 'table', 'has to be the name of a table'],
    ['library.', 'table', 'has to be the name of a table'],
    [`library.${'x'.repeat(64)}`, 'table', 'has 64 bytes; Postgres cuts names off after 63'],
    [{ schema: 'library' }, 'table.table', 'has to be the name of a table'],
    [{ schema: '', table: 'book' }, 'table.schema', 'has to be the name of a Postgres schema'],
    [{ schema: 1, table: 'book' }, 'table.schema', 'has to be the name of a Postgres schema'],
    [
      { table: 'a\0' },
      'table.table',
      'has a NUL character or half a surrogate pair, which Postgres can not hold',
    ],
    [['book'], 'table', 'has to be the name of a table'],
    [{ table: 'book', shema: 'library' }, 'table.shema', 'is no field here; the fields are schema, table'],
  ])('of a table can not be %j', (table, path, message) => {
    expect(issuesOf({ table, primaryKey: 'id', schema: column })).toEqual([{ path, message }])
  })

  test('of a property can not be half of a surrogate pair, which would come back as another name', () => {
    expect(
      issuesOf(rootOf({ type: 'object', properties: { 'a\udc00': column } })).map(({ path }) => path),
    ).toEqual([String.raw`schema.properties["a\udc00"]`])
  })

  test('of a property can not hold what JSON text in Postgres can not', () => {
    expect(issuesOf(rootOf({ type: 'object', properties: { 'a\0b': column } }))).toEqual([
      {
        path: String.raw`schema.properties["a\u0000b"]`,
        message: 'has in its name a NUL character or half a surrogate pair, which Postgres can not hold',
      },
    ])
  })
})

describe('an object', () => {
  test('without properties is refused', () => {
    expect(issuesOf(rootOf({ type: 'object', properties: {} }))).toEqual([
      { path: 'schema.properties', message: 'is empty; an object needs at least one property' },
    ])
  })

  test('with a list of properties is refused', () => {
    expect(issuesOf(rootOf({ type: 'object', properties: [column] }))).toEqual([
      { path: 'schema.properties', message: 'has to be an object from property names to schemas' },
    ])
  })
})

describe('the report', () => {
  test('is a CaptureError whose message holds every problem with its path', () => {
    const error = new SchemaError([
      { path: 'table', message: 'is wrong' },
      { path: 'schema.column', message: 'is wrong too' },
    ])
    expect(error).toBeInstanceOf(CaptureError)
    expect(error).toMatchObject({ code: 'SCHEMA_INVALID', name: 'SchemaError' })
    expect(error.message).toContain('- table is wrong\n- schema.column is wrong too')
  })

  test('lists every problem with its path, not the first alone', () => {
    const issues = issuesOf({
      table: '',
      primaryKey: 5,
      schema: {
        type: 'object',
        properties: {
          id: { type: 'colum', column: 'id' },
          author: { ...right['many-to-one'], column: '', hasFKConstraint: 'yes' },
          reviews: { ...right['one-to-many'], schema: { type: 'object', properties: {} } },
        },
      },
    })
    expect(issues.map(({ path }) => path)).toEqual([
      'table',
      'primaryKey',
      'schema.properties.id.type',
      'schema.properties.author.column',
      'schema.properties.author.hasFKConstraint',
      'schema.properties.reviews.schema.properties',
    ])
  })

  test('counts the problems in its first line', () => {
    expect(new SchemaError([{ path: 'table', message: 'is wrong' }]).message).toBe(
      'The schema has 1 problem:\n- table is wrong',
    )
    expect(
      new SchemaError([
        { path: 'a', message: 'is wrong' },
        { path: 'b', message: 'is wrong' },
      ]).message,
    ).toBe('The schema has 2 problems:\n- a is wrong\n- b is wrong')
  })

  test.each([
    ['a.b', 'schema.properties["a.b"].type'],
    ['', 'schema.properties[""].type'],
    ['it "is"', String.raw`schema.properties["it \"is\""].type`],
    ['with-dash', 'schema.properties.with-dash.type'],
    ['__proto__', 'schema.properties.__proto__.type'],
  ])('names a property called %j so that it reads as one name', (name, path) => {
    const properties = Object.defineProperty({}, name, { value: { type: 'none' }, enumerable: true })
    expect(issuesOf(rootOf({ type: 'object', properties })).map((issue) => issue.path)).toEqual([path])
  })
})

describe('a schema that holds itself', () => {
  test('is refused where it begins anew, by property', () => {
    const circle = { type: 'object', properties: {} as Record<string, unknown> }
    circle.properties['again'] = { ...right['many-to-one'], schema: circle }
    expect(issuesOf(rootOf(circle))).toEqual([
      { path: 'schema.properties.again.schema', message: 'holds itself; a schema has to end somewhere' },
    ])
  })

  test('is refused directly', () => {
    const circle: Record<string, unknown> = { ...right['one-to-many'] }
    circle['schema'] = circle
    expect(issuesOf(rootOf(circle))).toEqual([
      { path: 'schema.schema', message: 'holds itself; a schema has to end somewhere' },
    ])
  })
})

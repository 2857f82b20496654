import { parseExpression } from './expression.ts'
import { pathTo } from './path-to.ts'
import type { AggregateSchema, ExpressionSchema, Key, Schema } from './schema.ts'
import type { SchemaIssue } from './schema-error.ts'

/** Finds what can't go together, or can't have an effect, in a schema of which each field is right. */
export function findContradictions(schema: Schema, path: string = 'schema'): SchemaIssue[] {
  switch (schema.type) {
    case 'column':
      return []
    case 'expression':
      return findInExpression(schema, path)
    case 'object':
      return Object.entries(schema.properties).flatMap(([name, of]) =>
        findContradictions(of, pathTo(`${path}.properties`, name)),
      )
    case 'many-to-one':
      return [
        ...unequalKeys(schema.column, schema.referencesColumn, `${path}.referencesColumn`),
        ...findContradictions(schema.schema, `${path}.schema`),
      ]
    case 'one-to-many': {
      const inner = `${path}.schema`
      const idle = schema.flatten === false ? [] : idleKeepNulls(schema.schema, inner, FLATTENED)
      const unequal = unequalKeys(schema.column, schema.referencingColumn, `${path}.referencingColumn`)
      return [...unequal, ...idle, ...findContradictions(schema.schema, inner)]
    }
    case 'aggregate':
      return [
        ...unequalKeys(schema.column, schema.referencingColumn, `${path}.referencingColumn`),
        ...findInAggregate(schema, `${path}.schema`),
      ]
    default:
      return schema satisfies never
  }
}

function findInExpression({ sql, columns }: ExpressionSchema, path: string): SchemaIssue[] {
  const issues: SchemaIssue[] = []
  const parts = parseExpression(sql, columns, (message) => issues.push({ path: `${path}.sql`, message }))
  if (issues.length > 0) return issues
  const named = new Set(parts.map((part) => (typeof part === 'string' ? null : part.column)))
  return columns.flatMap((column, index) =>
    named.has(column)
      ? []
      : [{ path: `${path}.columns[${index}]`, message: `is not in the SQL, as {${column}}` }],
  )
}

function unequalKeys(column: Key, other: Key, path: string): SchemaIssue[] {
  const [own, expected] = [[other].flat().length, [column].flat().length]
  if (own === expected) return []
  const message = `has to be of as many columns as "column": ${expected}, and not ${own}`
  return [{ path, message }]
}

const FLATTENED = 'has no effect, as this array is flattened into the one around it; say it there'
const AGGREGATED = 'has no effect, as an aggregate leaves NULL out'

/** The array that holds the elements in the end says what becomes of NULL among them. */
function idleKeepNulls(schema: Schema, path: string, message: string): SchemaIssue[] {
  if (schema.type === 'many-to-one') return idleKeepNulls(schema.schema, `${path}.schema`, message)
  if (schema.type !== 'one-to-many' || schema.keepNulls === undefined) return []
  return [{ path: `${path}.keepNulls`, message }]
}

function findInAggregate({ function: name, schema }: AggregateSchema, path: string): SchemaIssue[] {
  if (schema === undefined) {
    if (name === 'count' || name === 'exists') return []
    return [{ path, message: `is missing; ${name} needs to know of what` }]
  }
  const nested = [...idleKeepNulls(schema, path, AGGREGATED), ...findContradictions(schema, path)]
  return holdsSingleValues(schema)
    ? nested
    : [
        { path, message: 'has to lead to single values: to a column, not to an object or to arrays' },
        ...nested,
      ]
}

function holdsSingleValues(schema: Schema): boolean {
  switch (schema.type) {
    case 'column':
    case 'expression':
    case 'aggregate':
      return true
    case 'object':
      return false
    case 'many-to-one':
      return holdsSingleValues(schema.schema)
    case 'one-to-many':
      return !(schema.flatten === false && isArray(schema.schema)) && holdsSingleValues(schema.schema)
    default:
      return schema satisfies never
  }
}

function isArray(schema: Schema): boolean {
  return schema.type === 'one-to-many' || (schema.type === 'many-to-one' && isArray(schema.schema))
}

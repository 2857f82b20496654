import { pathTo } from './path-to.ts'
import type { AggregateSchema, Schema } from './schema.ts'
import type { SchemaIssue } from './schema-error.ts'

/** Finds what can't go together, or can't have an effect, in a schema of which each field is right. */
export function findContradictions(schema: Schema, path: string = 'schema'): SchemaIssue[] {
  switch (schema.type) {
    case 'column':
      return []
    case 'object':
      return Object.entries(schema.properties).flatMap(([name, of]) =>
        findContradictions(of, pathTo(`${path}.properties`, name)),
      )
    case 'many-to-one':
      return findContradictions(schema.schema, `${path}.schema`)
    case 'one-to-many': {
      const inner = `${path}.schema`
      const idle = schema.flatten === false ? [] : idleKeepNulls(schema.schema, inner, FLATTENED)
      return [...idle, ...findContradictions(schema.schema, inner)]
    }
    case 'aggregate':
      return findInAggregate(schema, `${path}.schema`)
    default:
      return schema satisfies never
  }
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

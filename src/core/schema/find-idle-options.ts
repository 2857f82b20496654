import { pathTo } from './path-to.ts'
import type { Schema } from './schema.ts'
import type { SchemaIssue } from './schema-error.ts'

/** Finds options of a well-formed schema that can't have an effect where they stand. */
export function findIdleOptions(schema: Schema, path: string = 'schema'): SchemaIssue[] {
  switch (schema.type) {
    case 'column':
      return []
    case 'object':
      return Object.entries(schema.properties).flatMap(([name, of]) =>
        findIdleOptions(of, pathTo(`${path}.properties`, name)),
      )
    case 'many-to-one':
      return findIdleOptions(schema.schema, `${path}.schema`)
    case 'one-to-many': {
      const inner = `${path}.schema`
      const idle = schema.flatten === false ? [] : idleKeepNulls(schema.schema, inner)
      return [...idle, ...findIdleOptions(schema.schema, inner)]
    }
    default:
      return schema satisfies never
  }
}

/** The array that holds the elements in the end says what becomes of NULL among them. */
function idleKeepNulls(schema: Schema, path: string): SchemaIssue[] {
  if (schema.type === 'many-to-one') return idleKeepNulls(schema.schema, `${path}.schema`)
  if (schema.type !== 'one-to-many' || schema.keepNulls === undefined) return []
  return [
    {
      path: `${path}.keepNulls`,
      message: 'has no effect, as this array is flattened into the one around it; say it there',
    },
  ]
}

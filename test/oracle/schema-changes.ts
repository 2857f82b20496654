import type { Key, Schema } from 'pg-capture'
import { tableOf } from './evaluate.ts'
import type { Script, ScriptTable } from './script.ts'

/** The schema with the same `hasFKConstraint` everywhere. */
export function withPromises(schema: Schema, hasFKConstraint: boolean): Schema {
  switch (schema.type) {
    case 'column':
    case 'expression':
      return schema
    case 'object': {
      const properties = Object.entries(schema.properties)
      const all = properties.map(([name, value]) => [name, withPromises(value, hasFKConstraint)] as const)
      return { ...schema, properties: Object.fromEntries(all) }
    }
    case 'many-to-one':
      return { ...schema, hasFKConstraint, schema: withPromises(schema.schema, hasFKConstraint) }
    case 'one-to-many':
      return { ...schema, schema: withPromises(schema.schema, hasFKConstraint) }
    case 'aggregate':
      return schema.schema === undefined
        ? schema
        : { ...schema, schema: withPromises(schema.schema, hasFKConstraint) }
    default:
      return schema satisfies never
  }
}

/** Whether every link of the schema joins two columns of one type. */
export function sameTypedLinks({ tables, schema }: Script): boolean {
  const isSame = (value: Schema, context: ScriptTable): boolean => {
    switch (value.type) {
      case 'column':
      case 'expression':
        return true
      case 'object':
        return Object.values(value.properties).every((property) => isSame(property, context))
      case 'many-to-one': {
        const other = tableOf(tables, value.referencesTable)
        return areSame(context, value.column, other, value.referencesColumn) && isSame(value.schema, other)
      }
      case 'one-to-many':
      case 'aggregate': {
        const other = tableOf(tables, value.referencingTable)
        return (
          areSame(context, value.column, other, value.referencingColumn) &&
          (value.schema === undefined || isSame(value.schema, other))
        )
      }
      default:
        return value satisfies never
    }
  }
  return isSame(schema.schema, tableOf(tables, schema.table))
}

function areSame(table: ScriptTable, column: Key, other: ScriptTable, otherColumn: Key): boolean {
  const types = [otherColumn].flat().map((name) => typeOf(other, name))
  return [column].flat().every((name, at) => typeOf(table, name) === types[at])
}

function typeOf({ columns }: ScriptTable, column: string): string | undefined {
  return columns.find(({ name }) => name === column)?.type
}

import type { RootSchema, Schema, TableReference } from 'pg-capture'
import { tableOf } from '../evaluate.ts'
import type { ColumnModel, TableModel } from './tables.ts'

/** A foreign key that a schema promises. */
export interface PromisedLink {
  readonly from: TableModel
  readonly link: ColumnModel
  readonly to: TableModel
}

/** The foreign keys that the schema promises and that let a row be deleted and come back in one transaction. */
export function promisedLinks({ table, schema }: RootSchema, tables: readonly TableModel[]): PromisedLink[] {
  const model = (reference: TableReference): TableModel => tableOf(tables, reference)
  const linksIn = (value: Schema, context: TableModel): PromisedLink[] => {
    switch (value.type) {
      case 'column':
        return []
      case 'object':
        return Object.values(value.properties).flatMap((property) => linksIn(property, context))
      case 'many-to-one': {
        const to = model(value.referencesTable)
        const link = context.columns.find(({ name }) => name === value.column)
        const isPromised = value.hasFKConstraint && link?.foreignKey?.includes('NO ACTION') === true
        const own = isPromised && link !== undefined ? [{ from: context, link, to }] : []
        return [...own, ...linksIn(value.schema, to)]
      }
      case 'one-to-many':
        return linksIn(value.schema, model(value.referencingTable))
      default:
        return value satisfies never
    }
  }
  return linksIn(schema, model(table))
}

import type { RootSchema, Schema, TableReference } from 'pg-capture'
import { tableOf } from '../evaluate.ts'
import type { ColumnModel, TableModel } from './table-model.ts'

/** A foreign key that a schema promises. */
export interface PromisedLink {
  readonly from: TableModel
  readonly link: ColumnModel
  readonly to: TableModel
  /** Whether the schema reads what it points to nowhere else, and a column of it here: then nothing but the promise is in play. */
  readonly isOnlyPromised: boolean
}

interface ReadTable {
  readonly table: TableModel
  readonly promise: Omit<PromisedLink, 'isOnlyPromised'> | undefined
  readonly showsColumn: boolean
}

/** The foreign keys that the schema promises and that let a row be deleted and come back in one transaction. */
export function promisedLinks(root: RootSchema, tables: readonly TableModel[]): PromisedLink[] {
  const model = (reference: TableReference): TableModel => tableOf(tables, reference)
  const readIn = (value: Schema, context: TableModel): ReadTable[] => {
    switch (value.type) {
      case 'column':
      case 'expression':
        return []
      case 'object':
        return Object.values(value.properties).flatMap((property) => readIn(property, context))
      case 'many-to-one': {
        const to = model(value.referencesTable)
        const link = context.columns.find(({ name }) => name === value.column)
        const mayComeBack = value.hasFKConstraint && link?.foreignKey?.includes('NO ACTION') === true
        const promise = mayComeBack && link !== undefined ? { from: context, link, to } : undefined
        const own = { table: to, promise, showsColumn: showsColumn(value.schema) }
        return [own, ...readIn(value.schema, to)]
      }
      case 'one-to-many': {
        const table = model(value.referencingTable)
        return [{ table, promise: undefined, showsColumn: true }, ...readIn(value.schema, table)]
      }
      case 'aggregate': {
        const table = model(value.referencingTable)
        const beyond = value.schema === undefined ? [] : readIn(value.schema, table)
        return [{ table, promise: undefined, showsColumn: true }, ...beyond]
      }
      default:
        return value satisfies never
    }
  }
  const rootTable = model(root.table)
  const read = readIn(root.schema, rootTable)
  return read.flatMap(({ table, promise, showsColumn: shows }) => {
    if (promise === undefined) return []
    const isOnlyPromised =
      shows &&
      table !== rootTable &&
      read.every((other) => other.table !== table || other.promise !== undefined)
    return [{ ...promise, isOnlyPromised }]
  })
}

function showsColumn(value: Schema): boolean {
  return value.type === 'object'
    ? Object.values(value.properties).some(showsColumn)
    : value.type === 'column' || (value.type === 'expression' && value.columns.length > 0)
}

import type { AggregateValues } from './aggregate-values.ts'
import type { CheckedKey, CheckedLink } from './checked-link.ts'
import type { WhereOf } from './condition-on.ts'
import type { Field } from './field.ts'
import type { NameIn, RowOf, TableOf, TargetOf } from './row-of.ts'

/**
 * What a root schema has to be for `DB` to have all that it names: the type of the argument, `S`, with the type of each name
 * replaced by the names that would be right in its place. So a wrong name is an error where it stands, and editors complete it.
 */
export interface Checked<DB, S> {
  readonly root: {
    readonly table: TableOf<DB, Field<S, 'table'>>
    readonly primaryKey: CheckedKey<RowOf<DB, Field<S, 'table'>>, Field<S, 'primaryKey'>>
    readonly schema: CheckedSchema<DB, RowOf<DB, Field<S, 'table'>>, Field<S, 'schema'>>
    readonly where?: WhereOf<RowOf<DB, Field<S, 'table'>>> | undefined
  }
}

type CheckedSchema<DB, Row, S> = S extends { readonly type: keyof CheckedKinds<DB, Row, unknown, S> }
  ? CheckedKinds<DB, Row, TargetOf<DB, S>, S>[S['type']]
  : { readonly type: NameIn<CheckedKinds<DB, Row, unknown, S>>; readonly [field: string]: unknown }

// The root and the kinds have no names of their own, as messages then show the fields, and not a name that the user has never seen.
interface CheckedKinds<DB, Row, Target, S> {
  readonly column: {
    readonly type: 'column'
    readonly column: NameIn<Row>
    readonly cast?: string | undefined
  }
  readonly expression: {
    readonly type: 'expression'
    readonly sql: string
    readonly columns: readonly NameIn<Row>[]
    readonly cast?: string | undefined
  }
  readonly object: {
    readonly type: 'object'
    readonly properties: CheckedProperties<DB, Row, Field<S, 'properties'>>
  }
  readonly 'many-to-one': {
    readonly type: 'many-to-one'
    readonly column: CheckedKey<Row, Field<S, 'column'>>
    readonly referencesTable: TableOf<DB, Field<S, 'referencesTable'>>
    readonly referencesColumn: CheckedLink<Row, Field<S, 'column'>, Target, Field<S, 'referencesColumn'>>
    readonly hasFKConstraint: boolean
    readonly schema: CheckedSchema<DB, Target, Field<S, 'schema'>>
    readonly where?: WhereOf<Target> | undefined
  }
  readonly 'one-to-many': {
    readonly type: 'one-to-many'
    readonly column: CheckedKey<Row, Field<S, 'column'>>
    readonly referencingTable: TableOf<DB, Field<S, 'referencingTable'>>
    readonly referencingColumn: CheckedLink<Row, Field<S, 'column'>, Target, Field<S, 'referencingColumn'>>
    readonly schema: CheckedSchema<DB, Target, Field<S, 'schema'>>
    readonly flatten?: boolean | undefined
    readonly keepNulls?: boolean | undefined
    readonly where?: WhereOf<Target> | undefined
    readonly orderBy?: CheckedOrders<Target, Field<S, 'orderBy'>> | undefined
    readonly limit?: number | undefined
  }
  readonly aggregate: {
    readonly type: 'aggregate'
    readonly function: NameIn<AggregateValues<unknown>>
    readonly column: CheckedKey<Row, Field<S, 'column'>>
    readonly referencingTable: TableOf<DB, Field<S, 'referencingTable'>>
    readonly referencingColumn: CheckedLink<Row, Field<S, 'column'>, Target, Field<S, 'referencingColumn'>>
    readonly where?: WhereOf<Target> | undefined
  } & (S extends { readonly function: 'count' | 'exists' }
    ? { readonly schema?: CheckedSchema<DB, Target, Field<S, 'schema'>> | undefined }
    : { readonly schema: CheckedSchema<DB, Target, Field<S, 'schema'>> })
}

// A condition on the properties, here or where they are handed over, has TypeScript 5.4 check some schemas without end.
type CheckedProperties<DB, Row, Properties> = {
  readonly [Name in keyof Properties]: CheckedSchema<DB, Row, Properties[Name]>
}

type CheckedOrders<Row, Orders> = Orders extends readonly unknown[]
  ? readonly CheckedOrder<Row>[]
  : CheckedOrder<Row>

interface CheckedOrder<Row> {
  readonly column: NameIn<Row>
  readonly direction?: 'asc' | 'desc' | undefined
  readonly nulls?: 'first' | 'last' | undefined
}

import type { TableReference } from '../events/table-name.ts'
import type { Condition } from './condition.ts'

/** The value of a column of the row. */
export interface ColumnSchema {
  readonly type: 'column'
  readonly column: string
}

/** An object of any number of properties, all read in the context of the same row. */
export interface ObjectSchema {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, Schema>>
}

/** The value of `schema` in the one row of `referencesTable` that this row's `column` points to; `null` without one. */
export interface ManyToOneSchema {
  readonly type: 'many-to-one'
  readonly column: string
  readonly referencesTable: TableReference
  /** Has to be unique, among the rows that count. */
  readonly referencesColumn: string
  /**
   * Promises that every non-null `column` has its row. An INSERT or a DELETE on the referenced table then needs no look-up
   * of its own.
   */
  readonly hasFKConstraint: boolean
  readonly schema: Schema
  /** Which rows of `referencesTable` count; one that does not is as one that is not there. */
  readonly where?: Condition | undefined
}

/** Orders rows by a column of their own, as ORDER BY does. */
export interface Order {
  readonly column: string
  /** Default: `'asc'`. */
  readonly direction?: 'asc' | 'desc' | undefined
  /** Where NULL stands. Default: last if ascending, else first. */
  readonly nulls?: 'first' | 'last' | undefined
}

/**
 * An array of `schema`, one per row of `referencingTable` whose `referencingColumn` equals this row's `column`. SQL NULLs
 * are left out; a one-to-many directly inside is flattened into the one array.
 */
export interface OneToManySchema {
  readonly type: 'one-to-many'
  readonly column: string
  readonly referencingTable: TableReference
  readonly referencingColumn: string
  readonly schema: Schema
  /** `false`: the array of a one-to-many directly inside stays an array, an element of this one. Default: `true`. */
  readonly flatten?: boolean | undefined
  /** `true`: SQL NULLs stay, as `null`. Default: `false`. */
  readonly keepNulls?: boolean | undefined
  /** Which rows of `referencingTable` count. */
  readonly where?: Condition | undefined
  /** The order of the rows. Rows that are equal in it follow a fixed order all the same, see `docs/schema.md`. */
  readonly orderBy?: Order | readonly Order[] | undefined
  /** Takes the first so many rows alone. */
  readonly limit?: number | undefined
}

/** What an aggregate makes of values, as the function of this name in SQL does; `exists`: whether there is any. */
export type AggregateFunction = 'count' | 'exists' | 'sum' | 'min' | 'max' | 'avg'

/** One value made of all those that a one-to-many of the same fields would hold in its array. */
export interface AggregateSchema {
  readonly type: 'aggregate'
  readonly function: AggregateFunction
  readonly column: string
  readonly referencingTable: TableReference
  readonly referencingColumn: string
  /** Which rows of `referencingTable` count. */
  readonly where?: Condition | undefined
  /** What of each row: a column, here or in rows beyond it. Without it `count` and `exists` are about the rows. */
  readonly schema?: Schema | undefined
}

/** What to make of a row. */
export type Schema = ColumnSchema | ObjectSchema | ManyToOneSchema | OneToManySchema | AggregateSchema

/**
 * Describes the object: one for each row of `table`.
 *
 * @example
 * ```ts
 * const schema: RootSchema = {
 *   table: 'book',
 *   primaryKey: 'id',
 *   schema: {
 *     type: 'object',
 *     properties: {
 *       id: { type: 'column', column: 'id' },
 *       author: {
 *         type: 'many-to-one',
 *         column: 'authorId',
 *         referencesTable: 'author',
 *         referencesColumn: 'id',
 *         hasFKConstraint: true,
 *         schema: { type: 'column', column: 'name' },
 *       },
 *     },
 *   },
 * }
 * // { id: 'foo', author: 'Alice' }
 * ```
 */
export interface RootSchema {
  readonly table: TableReference
  readonly primaryKey: string
  readonly schema: Schema
  /** Which rows are objects: one that no longer matches is a delete, and one that now does is an upsert. */
  readonly where?: Condition | undefined
}

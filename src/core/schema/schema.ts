import type { TableReference } from '../events/table-name.ts'
import type { Condition } from './condition.ts'

/** A column, or the columns of a key of several: those of two keys belong together in their order. */
export type Key = string | readonly string[]

/** The value of a column of the row. */
export interface ColumnSchema {
  readonly type: 'column'
  readonly column: string
  /** A type of Postgres that the value is cast to: `'text'`, `'numeric(10,2)'`. */
  readonly cast?: string | undefined
}

/**
 * What SQL makes of columns of the row. It has to be a function of these columns and of nothing else.
 *
 * @example
 * ```ts
 * const schema: Schema = { type: 'expression', sql: 'UPPER({title})', columns: ['title'] }
 * // (UPPER("book_1"."title"))
 * ```
 */
export interface ExpressionSchema {
  readonly type: 'expression'
  /** `{title}` stands for the column; `{{` and `}}` are braces. It is put into statements as it is. */
  readonly sql: string
  /** The columns that `sql` names, each at least once. They count as read. */
  readonly columns: readonly string[]
  /** A type of Postgres that the value is cast to. */
  readonly cast?: string | undefined
}

/** An object of any number of properties, all read in the context of the same row. */
export interface ObjectSchema {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, Schema>>
}

/** The value of `schema` in the one row of `referencesTable` that this row's `column` points to; `null` without one. */
export interface ManyToOneSchema {
  readonly type: 'many-to-one'
  readonly column: Key
  readonly referencesTable: TableReference
  /** Has to be unique, among the rows that count. */
  readonly referencesColumn: Key
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
  readonly column: Key
  readonly referencingTable: TableReference
  readonly referencingColumn: Key
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
  readonly column: Key
  readonly referencingTable: TableReference
  readonly referencingColumn: Key
  /** Which rows of `referencingTable` count. */
  readonly where?: Condition | undefined
  /** What of each row: a single value, here or in rows beyond it. Without it `count` and `exists` are about the rows. */
  readonly schema?: Schema | undefined
}

/** What to make of a row. */
export type Schema =
  | ColumnSchema
  | ExpressionSchema
  | ObjectSchema
  | ManyToOneSchema
  | OneToManySchema
  | AggregateSchema

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
  readonly primaryKey: Key
  readonly schema: Schema
  /** Which rows are objects: one that no longer matches is a delete, and one that now does is an upsert. */
  readonly where?: Condition | undefined
}

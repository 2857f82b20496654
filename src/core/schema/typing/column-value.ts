/**
 * What an object holds of a column whose type, in the interface of the database, is `Column`: what JSON makes of the value, not
 * what a driver makes of it.
 *
 * | in the interface | in the object |
 * |---|---|
 * | `string`, `number`, `boolean`, `null` | the same |
 * | `Date` and the like, `Buffer`, an interval | `string` |
 * | `bigint`, a decimal | `number \| string`: a string where a number would not be exact |
 * | an array, an object | the same, of what is in it |
 *
 * Of a `ColumnType` of Kysely it takes what a `SELECT` yields. Where that is a string and an `INSERT` takes numbers too, as in
 * `Int8` and `Numeric` of kysely-codegen, it is a number that drivers read as text: `number | string`. In arrays too: kysely-codegen
 * writes a `ColumnType` of arrays, prisma-kysely an array of them.
 */
export type ColumnValue<Column> = unknown extends Column
  ? unknown
  : Column extends ColumnType<infer Selected, infer Inserted>
    ? SelectedValue<Selected, Inserted>
    : Column extends readonly ColumnType<infer Selected, infer Inserted>[]
      ? SelectedValue<Selected, Inserted>[]
      : JsonOf<Column>

/** What a `ColumnType` of Kysely is to the compiler. */
interface ColumnType<Selected, Inserted> {
  readonly __select__: Selected
  readonly __insert__: Inserted
}

type SelectedValue<Selected, Inserted> = unknown extends Selected
  ? unknown
  : Selected extends readonly (infer Item)[]
    ? Inserted extends readonly (infer InsertedItem)[]
      ? SelectedValue<Item, InsertedItem>[]
      : JsonOf<Selected>
    : string extends Selected
      ? [Extract<Inserted, number | bigint>] extends [never]
        ? Selected
        : number | Selected
      : JsonOf<Selected>

/** What comes through JSON as it is. */
type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [name: string]: Json }

/** A class for numbers beyond the range of `number`, as decimal.js, big.js and bignumber.js have one. */
interface Decimal {
  toFixed(digits?: number): string
}

/** Times, and other classes that stand for a text. */
type TextLike = { toISOString(): string } | { toJSON(): string } | ArrayBufferView

type JsonOf<Value> = unknown extends Value
  ? unknown
  : Value extends Json
    ? Value
    : Value extends bigint | Decimal
      ? number | string
      : Value extends TextLike
        ? string
        : { [Name in keyof Value]: JsonOf<Value[Name]> }

import type { ColumnValue } from './column-value.ts'
import type { NameIn } from './row-of.ts'

/** What may stand where a column is named, or the columns of a key. */
export type CheckedKey<Row, Key> = Key extends readonly unknown[]
  ? { readonly [At in keyof Key]: NameIn<Row> }
  : NameIn<Row>

/** What may stand where the columns of `Other` are named that equal `Key` of `Row`: as many, and such as can be equal. */
export type CheckedLink<Row, Key, Other, OtherKey> = Key extends readonly unknown[]
  ? {
      readonly [At in keyof Key]: CheckedPair<
        Row,
        Key[At],
        Other,
        At extends keyof OtherKey ? OtherKey[At] : undefined
      >
    }
  : CheckedPair<Row, Key, Other, OtherKey>

type CheckedPair<Row, Column, Other, OtherColumn> = [OtherColumn] extends [keyof Other & string]
  ? Column extends keyof Row & string
    ? CanEqual<ColumnValue<Row[Column]>, ColumnValue<Other[OtherColumn]>> extends true
      ? NameIn<Other>
      : `${OtherColumn}, ${KindOf<ColumnValue<Other[OtherColumn]>>}, never equals ${Column}, ${KindOf<ColumnValue<Row[Column]>>}`
    : NameIn<Other>
  : NameIn<Other>

type CanEqual<A, B> = [Exclude<A, null> & Exclude<B, null>] extends [never] ? false : true

type KindOf<Value> = [Value] extends [string | null]
  ? 'a string'
  : [Value] extends [number | null]
    ? 'a number'
    : [Value] extends [boolean | null]
      ? 'a boolean'
      : 'of another type'

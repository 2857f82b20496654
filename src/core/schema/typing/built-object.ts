import type { AggregateValues } from './aggregate-values.ts'
import type { CastValue } from './cast-value.ts'
import type { ColumnValue } from './column-value.ts'
import type { Field } from './field.ts'
import type { RowOf, TargetOf } from './row-of.ts'

/** What a root schema makes of a row. */
export type BuiltObject<DB, S> = Built<DB, RowOf<DB, Field<S, 'table'>>, Field<S, 'schema'>>

/** The id of the objects: a string, or, where the key has several columns, an object of them, each a string. */
export type BuiltId<S> =
  Field<S, 'primaryKey'> extends readonly [string, string, ...string[]]
    ? { [Column in Field<S, 'primaryKey'>[number]]: string }
    : string

/** A schema of which the kind is open, as one declared as `Schema`, could be any, without end. */
type Built<DB, Row, S> =
  'column' | 'object' extends Field<S, 'type'>
    ? unknown
    : S extends { readonly type: 'column' }
      ? BuiltColumn<ValueIn<Row, Field<S, 'column'>>, Field<S, 'cast'>>
      : S extends { readonly type: 'object' }
        ? { -readonly [Name in keyof Field<S, 'properties'>]: Built<DB, Row, Field<S, 'properties'>[Name]> }
        : S extends { readonly type: 'many-to-one' }
          ? Built<DB, TargetOf<DB, S>, Field<S, 'schema'>> | NullOfLink<Row, S>
          : S extends { readonly type: 'one-to-many' }
            ? Elements<DB, S>[]
            : S extends { readonly type: 'aggregate' }
              ? Field<
                  AggregateValues<Element<DB, TargetOf<DB, S>, Field<S, 'schema'>, true>>,
                  Field<S, 'function'>
                >
              : S extends { readonly type: 'expression'; readonly cast: infer Cast }
                ? BuiltColumn<unknown, Cast>
                : unknown

type BuiltColumn<Value, Cast> = Cast extends string ? CastValue<Cast> | NullOf<Value> : Value

type ValueIn<Row, Column> = Column extends keyof Row ? ColumnValue<Row[Column]> : unknown

/** `null` where there may be no row: where the key may be NULL, no foreign key holds, or the row may not count. */
type NullOfLink<Row, S> = S extends { readonly hasFKConstraint: true }
  ? S extends { readonly where: object }
    ? null
    : NullOf<ValueIn<Row, ColumnsOf<Field<S, 'column'>>>>
  : null

type NullOf<Value> = null extends Value ? null : never

type ColumnsOf<Key> = Key extends readonly unknown[] ? Key[number] : Key

type Elements<DB, S> =
  Field<S, 'keepNulls'> extends true
    ? Element<DB, TargetOf<DB, S>, Field<S, 'schema'>, Field<S, 'flatten'>>
    : WithoutNull<Element<DB, TargetOf<DB, S>, Field<S, 'schema'>, Field<S, 'flatten'>>>

/** An array directly inside, through any number of many-to-one, gives its own elements. */
type Element<DB, Row, S, Flatten> = Flatten extends false
  ? Built<DB, Row, S>
  : HoldsRows<S> extends true
    ? S extends { readonly type: 'one-to-many' }
      ? Element<DB, TargetOf<DB, S>, Field<S, 'schema'>, Field<S, 'flatten'>>
      : Element<DB, TargetOf<DB, S>, Field<S, 'schema'>, true>
    : Built<DB, Row, S>

type HoldsRows<S> = S extends { readonly type: 'one-to-many' }
  ? true
  : S extends { readonly type: 'many-to-one' }
    ? HoldsRows<Field<S, 'schema'>>
    : false

/** SQL NULL goes, and the `null` of a JSON document stays: a column that holds values as well as objects is JSON. */
type WithoutNull<Value> = [Extract<Value, object>] extends [never]
  ? Exclude<Value, null>
  : [Exclude<Value, object | null>] extends [never]
    ? Exclude<Value, null>
    : Value

/**
 * What an object holds of a value that is cast to a type of Postgres; `unknown` for a type that is not listed here.
 *
 * @example
 * ```ts
 * type Text = CastValue<'varchar(10)'> // string
 * type Exact = CastValue<'numeric'> // number | string
 * ```
 */
export type CastValue<Cast extends string> = Cast extends `${string}[]`
  ? unknown[]
  : Cast extends `${infer Name}(${string}`
    ? CastValue<Name>
    : Lowercase<Cast> extends keyof ValueOfType
      ? ValueOfType[Lowercase<Cast>]
      : unknown

type ValueOfType = Record<TextType, string> &
  Record<SmallNumberType, number> &
  Record<ExactNumberType, number | string> &
  Record<'bool' | 'boolean', boolean>

type TextType =
  | 'text'
  | 'varchar'
  | 'char'
  | 'character'
  | 'bpchar'
  | 'citext'
  | 'name'
  | 'uuid'
  | 'date'
  | 'time'
  | 'timetz'
  | 'timestamp'
  | 'timestamptz'
  | 'interval'
  | 'bytea'
  | 'inet'
  | 'cidr'
  | 'money'

type SmallNumberType =
  | 'int2'
  | 'smallint'
  | 'int4'
  | 'int'
  | 'integer'
  | 'float4'
  | 'real'
  | 'float8'
  | 'float'

type ExactNumberType = 'int8' | 'bigint' | 'numeric' | 'decimal'

/** A row of which nothing is known: any column, with any value. */
export interface AnyRow {
  readonly [column: string]: unknown
}

/** A database of which nothing is known. */
export interface AnyDatabase {
  readonly [table: string]: AnyRow
}

/**
 * The row of a table of `DB`, whichever way the table is named: `'book'`, `'public.book'`, `{ schema: 'library', table: 'copy' }`.
 * Of a table that `DB` has not, {@link AnyRow}: one mistake is reported once, and not again for each column.
 */
export type RowOf<DB, Reference> = [KeyOf<DB, Reference>] extends [never] ? AnyRow : DB[KeyOf<DB, Reference>]

/** The row at the other end of a relation. */
export type TargetOf<DB, S> = RowOf<
  DB,
  S extends { readonly referencesTable: infer Table } | { readonly referencingTable: infer Table }
    ? Table
    : undefined
>

/** What may stand where a table is named: the name as it is where `DB` has the table, or else the names of those it has. */
export type TableOf<DB, Reference> = Reference extends { readonly table: unknown }
  ? PartsOf<DB, Reference>
  : [KeyOf<DB, Reference>] extends [never]
    ? keyof DB & string
    : Reference

/** The name of a column of a row. Spelt so that messages list the names, and do not say `keyof Book`. */
export type NameIn<Row> = [Row] extends [infer Known]
  ? { [Name in keyof Known & string]: Name }[keyof Known & string]
  : never

/** The key under which `DB` holds the table, or `never`. */
type KeyOf<DB, Reference> = Reference extends string
  ? KeyOfText<DB, Reference>
  : Reference extends {
        readonly schema: infer Schema extends string
        readonly table: infer Table extends string
      }
    ? KeyOfText<DB, `${Schema}.${Table}`>
    : Reference extends { readonly table: infer Table extends string }
      ? KeyOfText<DB, Table>
      : never

type KeyOfText<DB, Text extends string> = Text extends keyof DB
  ? Text
  : Text extends `public.${infer Table}`
    ? Table & keyof DB
    : `public.${Text}` & keyof DB

interface PartsOf<DB, Reference> {
  readonly schema?: SchemaIn<DB> | undefined
  readonly table: [KeyOf<DB, Reference>] extends [never] ? TableIn<DB, SchemaOf<Reference>> : string
}

type SchemaOf<Reference> = Reference extends { readonly schema: infer Schema extends string }
  ? Schema
  : 'public'

type SchemaIn<DB> = string extends keyof DB
  ? string
  : NameIn<{ [Key in keyof DB & string as Key extends `${infer Schema}.${string}` ? Schema : 'public']: Key }>

/** The tables of a Postgres schema; any, where there is no such schema and that is reported. */
type TableIn<DB, Schema> =
  Schema extends SchemaIn<DB>
    ? NameIn<{ [Key in keyof DB & string as TableOfKey<Key, Schema>]: Key }>
    : string

type TableOfKey<Key, Schema extends string> = Key extends `${Schema}.${infer Table}`
  ? Table
  : Key extends `${string}.${string}`
    ? never
    : Schema extends 'public'
      ? Key & string
      : never

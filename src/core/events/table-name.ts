/** A table as schemas and events name it: `'book'`, `'library.book'`, or in parts where a name holds a dot. */
export type TableReference = string | { readonly schema?: string | undefined; readonly table: string }

/** A table's name in parts. Without `schema` SQL leaves it to the search path; its identity is that of `public`. */
export interface TableName {
  readonly schema: string | undefined
  readonly table: string
}

const DEFAULT_SCHEMA = 'public'

/**
 * Splits a table reference into its parts.
 *
 * @example
 * ```ts
 * parseTableName('book') // { schema: undefined, table: 'book' }
 * parseTableName('library.book') // { schema: 'library', table: 'book' }
 * parseTableName({ table: 'odd.name' }) // { schema: undefined, table: 'odd.name' }
 * ```
 */
export function parseTableName(reference: TableReference, schema?: string): TableName {
  if (typeof reference !== 'string') return { schema: reference.schema ?? schema, table: reference.table }
  if (schema !== undefined) return { schema, table: reference }
  const dot = reference.indexOf('.')
  return dot === -1
    ? { schema: undefined, table: reference }
    : { schema: reference.slice(0, dot), table: reference.slice(dot + 1) }
}

/** The identity of a table: equal for two names of one table, different for equal names in two Postgres schemas. */
export function tableKey(name: TableName): string {
  // Asked for every event. No name in Postgres holds a NUL.
  return `${name.schema ?? DEFAULT_SCHEMA}\0${name.table}`
}

/** The name as an error message shows it: `"book"`, `"library"."book"`. */
export function displayTableName(name: TableName): string {
  return name.schema === undefined ? `"${name.table}"` : `"${name.schema}"."${name.table}"`
}

/** The name as a label: `book`, `library.book`. */
export function plainTableName(name: TableName): string {
  return name.schema === undefined ? name.table : `${name.schema}.${name.table}`
}

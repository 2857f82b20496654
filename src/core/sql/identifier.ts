import type { TableName } from '../events/table-name.ts'

/** A name quoted for SQL: `authorId` → `"authorId"`. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function quoteTable(name: TableName): string {
  const table = quoteIdentifier(name.table)
  return name.schema === undefined ? table : `${quoteIdentifier(name.schema)}.${table}`
}

/** A text quoted for SQL, right under either setting of `standard_conforming_strings`. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return quoted.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/** Postgres cuts longer identifiers off without an error, so that two of them can become one. */
export const MAX_IDENTIFIER_BYTES = 63

const encoder = new TextEncoder()

export function byteLength(text: string): number {
  return encoder.encode(text).length
}

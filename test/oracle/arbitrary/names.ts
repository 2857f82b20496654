import { LONG_TEXT } from './column-types.ts'
import type { Picks } from './picks.ts'

/**
 * The tables of all cases. They are fixed, since one source streams them for a whole run; their columns differ from case to
 * case. Two are called alike in different Postgres schemas.
 */
export const tableNames: readonly { readonly schema: string; readonly table: string }[] = [
  { schema: 'public', table: 'book' },
  { schema: 'public', table: 'author' },
  { schema: 'public', table: 'Order' },
  { schema: 'library', table: 'book' },
  { schema: 'public', table: 'constructor' },
  { schema: 'public', table: 'odd.name' },
  { schema: 'public', table: `we"ird 'name' $1 \\` },
  { schema: 'public', table: '📚 café' },
  { schema: 'public', table: 'x'.repeat(63) },
  { schema: 'public', table: `${'x'.repeat(62)}y` },
  { schema: 'Odd.Schema "', table: 'tag' },
]

const oddColumns = [
  'authorId',
  '"',
  "it's",
  'a.b',
  '$1',
  '\\',
  '📚',
  'object',
  'id',
  'key',
  'constructor',
  '__proto__',
  'y'.repeat(63),
  'select',
  ' ',
]

const oddProperties = [
  "it's",
  '"',
  '$1',
  '$&',
  "$'",
  '\\',
  '📚',
  '',
  ' ',
  'constructor',
  '__proto__',
  '7',
  'object',
  'z'.repeat(200),
]

/** Names of columns: mostly plain, never the same twice. */
export function columnName(picks: Picks, plain: string, taken: readonly string[]): string {
  return freeName(picks.chance(15) ? picks.of(oddColumns) : plain, taken)
}

export function propertyName(picks: Picks, plain: string, taken: readonly string[]): string {
  return freeName(picks.chance(15) ? picks.of(oddProperties) : plain, taken)
}

function freeName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted
  const stem = wanted.slice(0, 40)
  let number = 2
  while (taken.includes(`${stem}${number}`)) number += 1
  return `${stem}${number}`
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function quotedTable(name: { readonly schema: string; readonly table: string }): string {
  return `${quoted(name.schema)}.${quoted(name.table)}`
}

export function literal(value: string | null, cast: string): string {
  if (value === null) return `NULL::${cast}`
  if (value === LONG_TEXT) return `repeat('long ', 600)`
  return `'${value.replaceAll("'", "''")}'::${cast}`
}

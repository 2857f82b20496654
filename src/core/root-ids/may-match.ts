import { valueOf } from '../events/changed-columns.ts'
import type { EventRow } from '../events/wal-event.ts'
import type { Filter } from '../schema/filter.ts'

/** Types of which two values are equal if and only if one text of them is: those for which an event's value proves something. */
export type TextForm = 'integer' | 'uuid' | 'boolean' | 'text'

/** The forms of a table's columns; those that are absent prove nothing. */
export type TextForms = ReadonlyMap<string, TextForm>

/**
 * Whether a row of an event may be one that the filter lets through. It is `false` only where SQL certainly would not:
 * a value that the source did not send may be any, and one that can't be compared as Postgres does may be equal or not.
 */
export function mayMatch(filter: Filter, row: EventRow | undefined, forms: TextForms): boolean {
  if (filter.kind === 'and') return filter.filters.every((one) => mayMatch(one, row, forms))
  if (filter.kind === 'or') return filter.filters.some((one) => mayMatch(one, row, forms))
  const value = valueOf(row, filter.column)
  if (value === undefined) return true
  if (filter.kind === 'null') return (value === null) === filter.isNull
  // In SQL a comparison with NULL is never true.
  if (value === null) return false
  const form = forms.get(filter.column)
  if (filter.kind === 'compare' || form === undefined) return true
  const own = normalText(value, form)
  const others = filter.values.map((other) => normalText(other, form))
  if (own === undefined || others.includes(undefined)) return true
  return others.includes(own) === filter.isAmong
}

const NORMAL: Readonly<Record<TextForm, (value: unknown) => string | undefined>> = {
  integer: (value) => {
    if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined
    if (typeof value === 'bigint') return String(value)
    return typeof value === 'string' && /^-?\d+$/.test(value) ? String(BigInt(value)) : undefined
  },
  uuid: (value) =>
    typeof value === 'string' && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)
      ? value.toLowerCase()
      : undefined,
  boolean: (value) => {
    if (value === true || value === 't' || value === 'true') return 't'
    return value === false || value === 'f' || value === 'false' ? 'f' : undefined
  },
  text: (value) => (typeof value === 'string' ? value : undefined),
}

/** One text for all equal values of a type; `undefined` where it can't be told. */
function normalText(value: unknown, form: TextForm): string | undefined {
  return NORMAL[form](value)
}

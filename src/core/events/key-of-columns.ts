import { CaptureError } from '../errors/capture-error.ts'
import { keyText } from './key-text.ts'

/**
 * The one text of a key: that of its value, and for a key of several columns the JSON array of their texts, without blanks.
 *
 * @example
 * ```ts
 * keyOfColumns([7]) // '7'
 * keyOfColumns([7, 'a']) // '["7","a"]'
 * ```
 */
export function keyOfColumns(values: readonly unknown[]): string {
  const texts = values.map(keyText)
  return texts.length === 1 ? (texts[0] as string) : JSON.stringify(texts)
}

/** The texts of a key's columns: the inverse of {@link keyOfColumns}. */
export function columnsOfKey(key: string, count: number): readonly string[] {
  if (count === 1) return [key]
  const texts: unknown = parsed(key)
  if (Array.isArray(texts) && texts.length === count && texts.every((text) => typeof text === 'string')) {
    return texts
  }
  throw new CaptureError(
    'OPTION_INVALID',
    `An id of ${count} columns is the JSON array of their texts, as pg-capture gives it out, and not another text.`,
  )
}

/** Keys as one array for each of their columns, as statements take them. */
export function columnArrays(keys: readonly string[], count: number): readonly (readonly string[])[] {
  if (count === 1) return [keys]
  const rows = keys.map((key) => columnsOfKey(key, count))
  return Array.from({ length: count }, (_, column) => rows.map((row) => row[column] as string))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

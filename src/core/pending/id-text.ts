import { CaptureError } from '../errors/capture-error.ts'

/**
 * Gives the canonical form of a root id: the text that Postgres prints for it. `1`, `1n` and `'1'` are one id.
 *
 * A `Date`, an object, `null` and `undefined` have no such text (a `Date` knows neither microseconds nor whether it was
 * a date or a timestamp) and give a `CaptureError` with the code `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * idText(9007199254740993n) // '9007199254740993'
 * ```
 */
export function idText(id: unknown): string {
  switch (typeof id) {
    case 'string':
      return id
    case 'number':
      // String(1e21) would give '1e+21'.
      return Number.isInteger(id) ? BigInt(id).toString() : String(id)
    case 'bigint':
    case 'boolean':
      return String(id)
    default:
      throw new CaptureError(
        'OPTION_INVALID',
        `An id can't be ${nameOf(id)}: pass the text that Postgres prints for it, as in "id"::text.`,
      )
  }
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (value instanceof Date) return 'a Date'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

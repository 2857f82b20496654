import { CaptureError } from '../errors/capture-error.ts'
import { EncodedValue } from './encoded-value.ts'

/**
 * The text form of a key or link value, as a query parameter that Postgres reads back as the same value. It is what
 * ids are inside pg-capture: a string, whatever the driver, the event source or the set made of the value.
 *
 * @example
 * ```ts
 * keyText(1) // '1'
 * keyText(9007199254740993n) // '9007199254740993'
 * keyText('A') // 'A'
 * ```
 */
export function keyText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Date) return dateText(value)
  if (value instanceof Uint8Array) return bytesText(value)
  if (value instanceof EncodedValue) {
    throw new CaptureError(
      'EVENT_MALFORMED',
      `A key column holds a value in an encoding of its source that is no text of Postgres. ${value.remedy}`,
    )
  }
  throw new CaptureError(
    'EVENT_MALFORMED',
    `A key column holds a JavaScript ${typeof value} that is no Postgres value. Pass keys as string, number, bigint, ` +
      'boolean, Date or Uint8Array.',
  )
}

function numberText(value: number): string {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return String(value)
  throw new CaptureError(
    'EVENT_MALFORMED',
    'A key column holds a whole number beyond 2^53, which JavaScript has rounded, so it may name another row. Pass such keys ' +
      'as string or bigint.',
  )
}

const two = (n: number): string => String(n).padStart(2, '0')

/**
 * Local time with its offset: the inverse of how `pg` reads date, timestamp and timestamptz alike. UTC would move a
 * `date`, which `pg` reads as local midnight, to the day before.
 */
function dateText(date: Date): string {
  if (Number.isNaN(date.getTime())) {
    throw new CaptureError(
      'EVENT_MALFORMED',
      'A key column holds an invalid Date. Pass the text that Postgres prints.',
    )
  }
  const offset = -date.getTimezoneOffset()
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
  // Year 0 is 1 BC.
  const isBC = date.getFullYear() <= 0
  const year = isBC ? 1 - date.getFullYear() : date.getFullYear()
  const day = `${String(year).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')}${zone}${isBC ? ' BC' : ''}`
}

function bytesText(bytes: Uint8Array): string {
  let text = '\\x'
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

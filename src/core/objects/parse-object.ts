import { parseExactJson } from '../values/exact-json.ts'

/** What stands in an object for a number that a JavaScript number does not hold, given as Postgres prints it. */
export type InexactNumbers = (digits: string) => unknown

/**
 * The object of the JSON that Postgres built. No digit is lost: of a number that JavaScript does not hold, `inexactNumbers`
 * makes what stands in its place.
 *
 * @example
 * ```ts
 * parseObject('{"id": 9007199254740993, "price": 1.50}') // { id: '9007199254740993', price: 1.5 }
 * ```
 */
export function parseObject(text: string, inexactNumbers?: InexactNumbers): unknown {
  if (!mayHoldInexactNumber(text)) return JSON.parse(text)
  return parseExactJson(text, { isHeld, valueOf: inexactNumbers ?? null })
}

/** A number of 15 digits is far from the limits of a double where its exponent has two. */
const LONG_EXPONENT = /\d[eE][+-]?\d\d\d/
const SHORTEST_INEXACT = 16

/**
 * Whether a closer look is needed. A double keeps any decimal of 15 digits, so what it does not hold has 16 digits and points in
 * a row, or a long exponent. Of 16 characters in a row one is at a multiple of 16: most of the text is passed over.
 */
function mayHoldInexactNumber(text: string): boolean {
  for (let at = SHORTEST_INEXACT - 1; at < text.length; at += SHORTEST_INEXACT) {
    if (!isDigitOrPoint(text, at)) continue
    let start = at
    while (isDigitOrPoint(text, start - 1)) start -= 1
    let end = at + 1
    while (isDigitOrPoint(text, end)) end += 1
    if (end - start >= SHORTEST_INEXACT) return true
  }
  return LONG_EXPONENT.test(text)
}

const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39

function isDigitOrPoint(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return (code >= ZERO && code <= NINE) || code === POINT
}

/**
 * Whether JavaScript would print the number as the same decimal. A whole number beyond 2^53 is taken for held only with an
 * exponent, as a `float8` has it: else a column would hold a number for one such id and a string for the next.
 */
function isHeld(digits: string): boolean {
  const value = Number(digits)
  if (!Number.isFinite(value)) return false
  if (/^-?\d+$/.test(digits)) return Number.isSafeInteger(value)
  return decimalOf(String(value)) === decimalOf(digits)
}

/** One text for each decimal: its digits without zeros around them, and the power of ten behind them. */
function decimalOf(text: string): string {
  const [, sign = '', whole = '', places = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const digits = `${whole}${places}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  return `${sign}${significant}e${Number(exponent) - places.length + digits.length - significant.length}`
}

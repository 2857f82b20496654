import type { JsonNumbers } from '../values/exact-json.ts'

/**
 * A number of a message that a JavaScript number does not hold as it is written: 9007199254740993 would be rounded, 1.00
 * would lose its scale, 0.1234567890123456 may have been rounded before.
 */
export class NumberText {
  readonly digits: string

  constructor(digits: string) {
    this.digits = digits
  }
}

/** Whether a number is the one that was written, or that was in the database: a double keeps 15 digits of any decimal. */
export function isExact(value: number): boolean {
  if (Number.isInteger(value)) return Number.isSafeInteger(value)
  return !Number.isFinite(value) || significantDigits(String(value)) <= 15
}

/** How the numbers of messages are read: each that can't be taken for exact is a `NumberText`. */
export const messageNumbers: JsonNumbers = {
  isHeld: (digits) => {
    const value = Number(digits)
    return String(value) === digits && isExact(value)
  },
  valueOf: (digits) => new NumberText(digits),
}

function significantDigits(text: string): number {
  return text
    .replace(/e.*$/, '')
    .replace(/^-?[0.]*/, '')
    .replace('.', '').length
}

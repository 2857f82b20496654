/**
 * A number of a JSON text that a JavaScript number does not hold as it is written: 9007199254740993 would be rounded, 1.00
 * would lose its scale, 0.1234567890123456 may have been rounded before.
 */
export class NumberText {
  readonly digits: string

  constructor(digits: string) {
    this.digits = digits
  }
}

/**
 * Reads JSON as `JSON.parse` does, but loses no digit: each number that can't be taken for exact is a `NumberText`.
 *
 * @example
 * ```ts
 * parseExactJson('{"id": 9007199254740993, "rating": 5}') // { id: NumberText { digits: '9007199254740993' }, rating: 5 }
 * ```
 *
 * Where every number is exact, as in most messages, it costs one scan more than `JSON.parse`.
 *
 * @throws SyntaxError, whose message may quote the text.
 */
export function parseExactJson(text: string): unknown {
  const marked = markInexactNumbers(text)
  if (marked === null) return JSON.parse(text)
  return JSON.parse(marked, (_key, value: unknown) => numberTextOf(value) ?? value)
}

/** Whether a number is the one that was written, or that was in the database: a double keeps 15 digits of any decimal. */
export function isExact(value: number): boolean {
  if (Number.isInteger(value)) return Number.isSafeInteger(value)
  return !Number.isFinite(value) || significantDigits(String(value)) <= 15
}

function significantDigits(text: string): number {
  return text
    .replace(/e.*$/, '')
    .replace(/^-?[0.]*/, '')
    .replace('.', '').length
}

/**
 * The key of the object that stands in for a number on its way through `JSON.parse`. No jsonb document can have it, since
 * Postgres refuses this character there.
 */
const MARK = '\u0000'
const MARK_TEXT = JSON.stringify(MARK)

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const STRING_OR_NUMBER = /["\d-]/g

/** The text with each inexact number wrapped, or `null` if there is none. What is no JSON stays none. */
function markInexactNumbers(text: string): string | null {
  let marked = ''
  let copied = 0
  STRING_OR_NUMBER.lastIndex = 0
  for (let found = STRING_OR_NUMBER.exec(text); found !== null; found = STRING_OR_NUMBER.exec(text)) {
    const start = found.index
    if (found[0] === '"') {
      STRING_OR_NUMBER.lastIndex = endOfString(text, start)
      continue
    }
    NUMBER.lastIndex = start
    const digits = NUMBER.exec(text)?.[0]
    // A minus alone: `JSON.parse` will say so.
    if (digits === undefined) continue
    const end = start + digits.length
    STRING_OR_NUMBER.lastIndex = end
    if (isHeldAsWritten(digits) || !isWholeValue(text, start, end)) continue
    marked += `${text.slice(copied, start)}{${MARK_TEXT}:"${digits}"}`
    copied = end
  }
  return copied === 0 ? null : marked + text.slice(copied)
}

function isHeldAsWritten(digits: string): boolean {
  const value = Number(digits)
  return String(value) === digits && isExact(value)
}

/** Whether the number stands alone, as in JSON it must: 01 or 1x are not made valid by wrapping a part of them. */
function isWholeValue(text: string, start: number, end: number): boolean {
  return /[\s[:,]|^$/.test(text.charAt(start - 1)) && /[\s\],}]|^$/.test(text.charAt(end))
}

function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0
    while (text.charAt(quote - 1 - backslashes) === '\\') backslashes += 1
    if (backslashes % 2 === 0) return quote + 1
  }
  return text.length
}

function numberTextOf(value: unknown): NumberText | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, MARK)) return undefined
  const digits: unknown = Reflect.get(value, MARK)
  return typeof digits === 'string' && Object.keys(value).length === 1 ? new NumberText(digits) : undefined
}

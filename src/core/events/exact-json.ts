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
  return withNumberTexts(JSON.parse(marked))
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

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const QUOTE = 0x22
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

/** The text with each inexact number wrapped, or `null` if there is none. What is no JSON stays none. */
function markInexactNumbers(text: string): string | null {
  let marked = ''
  let copied = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(text, at) - 1
      continue
    }
    if (code !== MINUS && !(code >= ZERO && code <= NINE)) continue
    const end = endOfNumber(text, at)
    if (!isShortInteger(text, at, end)) {
      const digits = text.slice(at, end)
      if (NUMBER.test(digits) && !isHeldAsWritten(digits) && isWholeValue(text, at, end)) {
        marked += `${text.slice(copied, at)}{${MARK_TEXT}:"${digits}"}`
        copied = end
      }
    }
    at = end - 1
  }
  return copied === 0 ? null : marked + text.slice(copied)
}

/** The end of what looks like a number: digits, points, signs and the e of an exponent. */
function endOfNumber(text: string, start: number): number {
  let end = start + 1
  while (isOfNumber(text.charCodeAt(end))) end++
  return end
}

const OTHERS_OF_NUMBERS: ReadonlySet<number> = new Set(
  Array.from('+-.eE', (character) => character.charCodeAt(0)),
)

function isOfNumber(code: number): boolean {
  return (code >= ZERO && code <= NINE) || OTHERS_OF_NUMBERS.has(code)
}

/** Most numbers are: digits that a double holds, and that need no closer look. */
function isShortInteger(text: string, start: number, end: number): boolean {
  if (end - start > 15) return false
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code < ZERO || code > NINE) return false
  }
  return true
}

function isHeldAsWritten(digits: string): boolean {
  const value = Number(digits)
  return String(value) === digits && isExact(value)
}

/** Whether the number stands where a value may: it is not made one by being wrapped. */
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

/** The value with each wrapped number unwrapped, in place. A reviver would do it, but takes ten times as long. */
function withNumberTexts(value: unknown): unknown {
  const whole = { value }
  const waiting: object[] = [whole]
  for (let holder = waiting.pop(); holder !== undefined; holder = waiting.pop()) {
    for (const [name, part] of Object.entries(holder) as [string, unknown][]) {
      if (typeof part !== 'object' || part === null) continue
      const digits = markedDigits(part)
      if (digits === undefined) waiting.push(part)
      // A property of its own even if it is called `__proto__`, since the holder was parsed.
      else Reflect.set(holder, name, new NumberText(digits))
    }
  }
  return whole.value
}

function markedDigits(value: object): string | undefined {
  if (!Object.hasOwn(value, MARK)) return undefined
  const digits: unknown = Reflect.get(value, MARK)
  return typeof digits === 'string' && Object.keys(value).length === 1 ? digits : undefined
}

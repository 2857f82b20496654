/** Which numbers of a JSON text a JavaScript number stands for, and what stands for the others. */
export interface JsonNumbers {
  /** Whether `JSON.parse` may read the number, given as it is written. */
  readonly isHeld: (digits: string) => boolean
  /** What takes the place of a number that is not held; `null` for its digits, as a string. */
  readonly valueOf: ((digits: string) => unknown) | null
}

/**
 * Reads JSON as `JSON.parse` does, but for the numbers that JavaScript does not hold.
 *
 * @example
 * ```ts
 * const numbers = { isHeld: (digits: string) => digits.length < 16, valueOf: BigInt }
 * parseExactJson('{"id": 9007199254740993, "rating": 5}', numbers) // { id: 9007199254740993n, rating: 5 }
 * ```
 *
 * Where every number is held, as in most texts, it costs one scan more than `JSON.parse`.
 *
 * @throws SyntaxError, whose message may quote the text.
 */
export function parseExactJson(text: string, numbers: JsonNumbers): unknown {
  const { isHeld, valueOf } = numbers
  if (valueOf === null) return JSON.parse(rewriteNumbers(text, isHeld, (digits) => `"${digits}"`) ?? text)
  const mark = unusedKey(text)
  const key = JSON.stringify(mark)
  const marked = rewriteNumbers(text, isHeld, (digits) => `{${key}:"${digits}"}`)
  return marked === null ? JSON.parse(text) : withValues(JSON.parse(marked), mark, valueOf)
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const QUOTE = 0x22
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

/**
 * The key of the objects that stand in for numbers on their way through `JSON.parse`: one NUL more than the text holds, so that
 * nothing in it can be this key.
 */
function unusedKey(text: string): string {
  let key = '\u0000'
  // JSON has no other way to write a NUL.
  for (let at = text.indexOf('u0000'); at !== -1; at = text.indexOf('u0000', at + 5)) key += '\u0000'
  return key
}

/** The text with each number rewritten that is not held, or `null` if there is none. What is no JSON stays none. */
function rewriteNumbers(
  text: string,
  isHeld: (digits: string) => boolean,
  rewrite: (digits: string) => string,
): string | null {
  let rewritten = ''
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
      if (!isHeld(digits) && NUMBER.test(digits) && isWholeValue(text, at, end)) {
        rewritten += text.slice(copied, at) + rewrite(digits)
        copied = end
      }
    }
    at = end - 1
  }
  return copied === 0 ? null : rewritten + text.slice(copied)
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

const BEHIND_VALUE = /\s*(?:[\],}]|$)/y

/** Whether the number stands where a value may: it is not made one, or a key, by being rewritten. */
function isWholeValue(text: string, start: number, end: number): boolean {
  BEHIND_VALUE.lastIndex = end
  return /[\s[:,]|^$/.test(text.charAt(start - 1)) && BEHIND_VALUE.test(text)
}

function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0
    while (text.charAt(quote - 1 - backslashes) === '\\') backslashes += 1
    if (backslashes % 2 === 0) return quote + 1
  }
  return text.length
}

/** The value with each wrapped number replaced, in place. A reviver would do it, but takes ten times as long. */
function withValues(value: unknown, mark: string, valueOf: (digits: string) => unknown): unknown {
  const whole = { value }
  const waiting: object[] = [whole]
  for (let holder = waiting.pop(); holder !== undefined; holder = waiting.pop()) {
    for (const [name, part] of Object.entries(holder) as [string, unknown][]) {
      if (typeof part !== 'object' || part === null) continue
      if (!Object.hasOwn(part, mark)) waiting.push(part)
      // A property of its own even if it is called `__proto__`, since the holder was parsed.
      else Reflect.set(holder, name, valueOf(String(Reflect.get(part, mark))))
    }
  }
  return whole.value
}

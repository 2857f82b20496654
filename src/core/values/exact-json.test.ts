import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type JsonNumbers, parseExactJson } from './exact-json.ts'

class Digits {
  readonly digits: string

  constructor(digits: string) {
    this.digits = digits
  }
}

/** As strict as can be: what JavaScript would print otherwise is not held. */
const numbers: JsonNumbers = {
  isHeld: (digits) => String(Number(digits)) === digits && digits.length < 16,
  valueOf: (digits) => new Digits(digits),
}

const parse = (text: string): unknown => parseExactJson(text, numbers)

const parseToDigits = (text: string): unknown => parseExactJson(text, { ...numbers, valueOf: null })

const exact = ['0', '1', '-1', '1.5', '999999999999999', '-99999999999999', '0.300000000004']
const inexact = [
  '9007199254740992',
  '9007199254740993',
  '-9223372036854775808',
  '1.0',
  '1.00',
  '-0',
  '1e3',
  '1E-7',
  '1e999',
  '0.30000000000000004',
  '0.1234567890123456789',
  '123456789012345678901234567890.5',
]

describe('a number', () => {
  test.each(exact)('%s is a number', (digits) => {
    expect(parse(digits)).toBe(Number(digits))
    expect(parse(`{"a": [${digits} ,${digits}]}`)).toEqual({ a: [Number(digits), Number(digits)] })
  })

  test.each(inexact)('%s keeps its digits', (digits) => {
    expect(parse(digits)).toEqual(new Digits(digits))
    expect(parse(`\n{"a":[${digits} ,\t${digits}], "b" :${digits}}`)).toEqual({
      a: [new Digits(digits), new Digits(digits)],
      b: new Digits(digits),
    })
    expect(parseToDigits(`\n{"a":[${digits} ,\t${digits}], "b" :${digits}}`)).toEqual({
      a: [digits, digits],
      b: digits,
    })
  })
})

describe('what is not a number', () => {
  test('a text with digits, quotes and backslashes stays as it is', () => {
    const texts = [
      '9007199254740993',
      '"9007199254740993',
      '\\',
      '\\"',
      '\\\\" 1.0 "',
      '',
      '🦉 1.00',
      '\n1.00\t',
    ]
    for (const text of texts) {
      expect(parse(JSON.stringify({ [text]: text, n: 1 }))).toEqual({ [text]: text, n: 1 })
      const withNumber = `{${JSON.stringify(text)}: [${JSON.stringify(text)}, 1.00]}`
      expect(parse(withNumber)).toEqual({ [text]: [text, new Digits('1.00')] })
    }
  })

  test('a text with NULs is not taken for a mark', () => {
    const text = '{"\\u0000": "1.00", "\\u0000\\u0000": {"\\u0000": "2.00"}, "\\\\u0000": 1.00}'
    expect(parse(text)).toEqual({
      '\u0000': '1.00',
      '\u0000\u0000': { '\u0000': '2.00' },
      '\\u0000': new Digits('1.00'),
    })
    expect(parse('[{"\\u0000": "1.00"}, 2.00]')).toEqual([{ '\u0000': '1.00' }, new Digits('2.00')])
  })

  test('a column called __proto__ is a column', () => {
    const parsed = parse('{"__proto__": 1.00}')
    expect(Object.keys(parsed as object)).toEqual(['__proto__'])
  })

  test.each([
    '',
    ' ',
    '{',
    '-',
    '01',
    '00.10',
    '1.00x',
    '1.00 2.00',
    '{9007199254740993: 1}',
    '{ 9007199254740993 : 1}',
    '[1.00.0]',
    '.10',
    '+1.00',
    '"1.00',
    '{"a" 1.00}',
    '{"a": 1, 1.00 : 2}',
    '{"a": 1, 1.00: 2}',
    'NaN',
  ])('%j is no JSON', (text) => {
    expect(() => parse(text)).toThrow(SyntaxError)
    expect(() => parseToDigits(text)).toThrow(SyntaxError)
  })
})

describe('any JSON', () => {
  test('is read as JSON.parse reads it, but for the digits', () => {
    const plain = (value: unknown): unknown => {
      if (value instanceof Digits) return Number(value.digits)
      if (Array.isArray(value)) return value.map(plain)
      if (typeof value !== 'object' || value === null) return value
      const copy = Object.create(null) as Record<string, unknown>
      for (const [name, member] of Object.entries(value)) copy[name] = plain(member)
      return copy
    }
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(plain(parse(text))).toEqual(plain(JSON.parse(text)))
      }),
    )
  })

  test('and what JSON.parse refuses is refused', () => {
    const part = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '1.00',
      '1',
      '-',
      '9007199254740993',
      ' ',
      'null',
      '"a"',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const text = parts.join('')
        let isJson = true
        try {
          JSON.parse(text)
        } catch {
          isJson = false
        }
        for (const read of [parse, parseToDigits]) {
          if (isJson) read(text)
          else expect(() => read(text)).toThrow(SyntaxError)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('long texts and many numbers are no burden', () => {
    const text = JSON.stringify({ long: '\\"'.repeat(300_000), other: 'x'.repeat(300_000) })
    expect(parse(text)).toEqual(JSON.parse(text))
    expect(parse(`[${'1.00,'.repeat(100_000)}1]`)).toHaveLength(100_001)
  })
})

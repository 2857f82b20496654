import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseObject } from './parse-object.ts'

const held: readonly (readonly [digits: string, value: number])[] = [
  ['0', 0],
  ['-0', -0],
  ['0.00', 0],
  ['1.50', 1.5],
  ['100.000', 100],
  ['9007199254740991', 9007199254740991],
  ['-9007199254740991', -9007199254740991],
  ['9007199254740991.00', 9007199254740991],
  ['0.123456789012345', 0.123456789012345],
  ['0.000000000000000000001', 1e-21],
  // As float8 is printed: in as few digits as tell it from all others.
  ['0.30000000000000004', 0.1 + 0.2],
  ['1e+21', 1e21],
  ['1e-05', 0.00001],
  ['1.7976931348623157e+308', Number.MAX_VALUE],
  ['5e-324', 5e-324],
  ['-1.2345678901234568e+17', -1.2345678901234568e17],
  ['1E3', 1000],
]

const inexact = [
  '9007199254740992',
  '9007199254740993',
  '-9223372036854775808',
  '1000000000000000000000',
  '12345678901234567890.12',
  '0.1234567890123456789',
  '9007199254740993.5',
  '0.10000000000000001',
  '1.79769313486231571e+308',
  '1e999',
  '-1e-999',
  '1e-99999999999999999999',
  `1${'0'.repeat(400)}`,
]

describe('parseObject', () => {
  test.each(held)('%s is a number', (digits, value) => {
    expect(parseObject(digits)).toBe(value)
    expect(parseObject(`{"a" : [${digits}, {"b":${digits}}]}`)).toEqual({ a: [value, { b: value }] })
  })

  test.each(inexact)('%s is its digits', (digits) => {
    expect(parseObject(digits)).toBe(digits)
    expect(parseObject(`-${digits}`.replace('--', ''))).toBe(`-${digits}`.replace('--', ''))
    expect(parseObject(`{"a" : [${digits}, {"b":${digits}}]}`)).toEqual({ a: [digits, { b: digits }] })
  })

  test('texts are what they are', () => {
    const texts = ['9007199254740993', '1e999', ', 1e999 ,', '0b7cb4e8-3a0e-4f5c-9a52-5d2a3b1f6a01', '\u0000']
    expect(parseObject(JSON.stringify({ texts }))).toEqual({ texts })
    expect(parseObject(JSON.stringify({ texts }).replace('}', ', "n": 9007199254740993}'))).toEqual({
      texts,
      n: '9007199254740993',
    })
  })

  test('hands the digits to what the user gave', () => {
    const text = '{"id": 9007199254740993, "big": [12345678901234567890.1], "small": 1.50}'
    expect(parseObject(text, (digits) => ({ digits }))).toEqual({
      id: { digits: '9007199254740993' },
      big: [{ digits: '12345678901234567890.1' }],
      small: 1.5,
    })
    expect(parseObject('[1, 9007199254740993]', Number)).toEqual([1, 9007199254740992])
    expect(parseObject('[9007199254740993]', () => undefined)).toEqual([undefined])
  })

  test('whatever the decimal, what comes out is that decimal', () => {
    const decimal = fc
      .tuple(fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }), fc.integer({ min: 0, max: 30 }))
      .map(([digits, places]) => {
        const text = String(digits < 0n ? -digits : digits).padStart(places + 1, '0')
        const sign = digits < 0n ? '-' : ''
        return places === 0 ? `${sign}${text}` : `${sign}${text.slice(0, -places)}.${text.slice(-places)}`
      })
    fc.assert(
      fc.property(decimal, fc.nat(40), (digits, place) => {
        const [parsed] = parseObject(`[${' '.repeat(place)}${digits}]`) as unknown[]
        if (typeof parsed === 'string') expect(parsed).toBe(digits)
        else expect(scaled(Number(parsed).toString())).toBe(scaled(digits))
      }),
      { numRuns: 2_000 },
    )
  })

  test('whatever the double, it comes out as itself', () => {
    fc.assert(
      fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (value) => {
        // JSON.stringify writes no sign of zero.
        fc.pre(!Object.is(value, -0))
        const isLargeInteger = Number.isInteger(value) && !Number.isSafeInteger(value)
        const text = isLargeInteger ? value.toExponential() : JSON.stringify(value)
        expect(parseObject(`[${text}]`)).toEqual([value])
      }),
      { numRuns: 2_000 },
    )
  })
})

/** A decimal as a whole number of its 400th places. */
function scaled(text: string): bigint {
  const [, sign, whole = '', places = '', exponent = '0'] = /^(-?)(\d+)\.?(\d*)(?:e(.+))?$/.exec(text)!
  return BigInt(`${sign}${whole}${places}`) * 10n ** BigInt(400 - places.length + Number(exponent))
}

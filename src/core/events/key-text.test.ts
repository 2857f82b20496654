import { Buffer } from 'node:buffer'
import process from 'node:process'
import { afterEach, describe, expect, test } from 'vitest'
import { CaptureError } from '../errors/capture-error.ts'
import { EncodedValue } from './encoded-value.ts'
import { keyText } from './key-text.ts'

describe('keyText', () => {
  test.each([
    ['a string as it is', ' Été "x" \\', ' Été "x" \\'],
    ['an empty string', '', ''],
    ['an integer', 1, '1'],
    ['zero with a sign', -0, '0'],
    ['the largest number that is exact', Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['a fraction', 0.5, '0.5'],
    ['a number that is no finite one', Infinity, 'Infinity'],
    ['a bigint beyond 2^53', 9007199254740993n, '9007199254740993'],
    ['a boolean', true, 'true'],
    ['bytes', new Uint8Array([0, 15, 255]), '\\x000fff'],
    ['a Buffer', Buffer.from([222, 173]), '\\xdead'],
    ['no bytes', new Uint8Array(), '\\x'],
  ])('gives %s', (_, value, expected) => {
    expect(keyText(value)).toBe(expected)
  })

  test.each([
    ['null', null],
    ['undefined', undefined],
    ['an object', { secret: 'value' }],
    ['an array', ['value']],
    ['a symbol', Symbol('value')],
    ['a Date that is none', new Date(Number.NaN)],
    ['a whole number that JavaScript has rounded', 2 ** 53 + 2],
    ['a number with an exponent', 1e21],
    ['a function', (): string => 'value'],
  ])('refuses %s, without the value in the message', (_, value) => {
    const failure = failureOf(() => keyText(value))
    expect(failure).toBeInstanceOf(CaptureError)
    expect(failure).toMatchObject({ code: 'EVENT_MALFORMED' })
    expect(String(failure)).not.toContain('secret')
  })
})

test('keyText of a value in an encoding says how to get another', () => {
  const failure = failureOf(() =>
    keyText(new EncodedValue('secret', 'Set interval.handling.mode to string.')),
  )
  expect(failure).toMatchObject({
    code: 'EVENT_MALFORMED',
    message:
      'A key column holds a value in an encoding of its source that is no text of Postgres. Set interval.handling.mode to ' +
      'string.',
  })
})

describe('keyText of a Date', () => {
  const zone = process.env['TZ']
  afterEach(() => {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  })

  // `pg` reads a date as local midnight: in any zone the text must name that very day.
  test.each(['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland'])(
    'names the day and the moment that pg read, in %s',
    (name) => {
      process.env['TZ'] = name
      expect(keyText(new Date(2026, 0, 31))).toMatch(/^2026-01-31 00:00:00\.000[+-]\d\d:\d\d$/)
      const moment = new Date('2026-07-01T12:34:56.789Z')
      expect(new Date(keyText(moment).replace(' ', 'T')).getTime()).toBe(moment.getTime())
    },
  )

  test('has four digits for an early year', () => {
    process.env['TZ'] = 'UTC'
    const early = new Date(Date.UTC(2000, 0, 2))
    early.setUTCFullYear(33)
    expect(keyText(early)).toBe('0033-01-02 00:00:00.000+00:00')
    early.setUTCFullYear(-43)
    expect(keyText(early)).toBe('0044-01-02 00:00:00.000+00:00 BC')
  })
})

function failureOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('It did not fail')
}

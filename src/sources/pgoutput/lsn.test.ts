import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatLsn, parseLsn } from './lsn.ts'

test('positions have the text form of Postgres', () => {
  expect(parseLsn('16/B374D848')).toBe(0x16_b374d848n)
  expect(parseLsn('0/0')).toBe(0n)
  expect(parseLsn('ffffffff/ffffffff')).toBe(0xffff_ffff_ffff_ffffn)
  expect(formatLsn(0x16_b374d848n)).toBe('16/B374D848')
  expect(formatLsn(0n)).toBe('0/0')
})

test('every position comes back from its text', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (lsn) => parseLsn(formatLsn(lsn)) === lsn),
  )
})

test.each(['', '0', '16-B374D848', '1/123456789', 'g/0', ' 0/0'])('%j is none', (text) => {
  expect(() => parseLsn(text)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
})

import { expect, test } from 'vitest'
import { parseExactJson } from '../values/exact-json.ts'
import { isExact, messageNumbers, NumberText } from './number-text.ts'

test('isExact: 15 digits, and no more', () => {
  expect(
    [0, -1, 2 ** 53 - 1, 0.1, 1.5e-300, 123456789.012345, NaN, Infinity].filter((value) => !isExact(value)),
  ).toEqual([])
  expect([2 ** 53, 1e21, 0.1 + 0.2, 1234567890.0123456].filter(isExact)).toEqual([])
})

test('a number of a message is held if it is written as JavaScript writes it, in 15 digits', () => {
  const held = ['0', '1', '-1', '1.5', '9007199254740991', '-9007199254740991', '0.30000000000004']
  expect(held.filter((digits) => !messageNumbers.isHeld(digits))).toEqual([])
  const others = [
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
  expect(others.filter(messageNumbers.isHeld)).toEqual([])
  expect(parseExactJson('[1.00, 1]', messageNumbers)).toEqual([new NumberText('1.00'), 1])
})

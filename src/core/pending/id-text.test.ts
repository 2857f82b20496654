import { expect, test } from 'vitest'
import { idText } from './id-text.ts'

test.each([
  ['', ''],
  ['1.00', '1.00'],
  [42, '42'],
  [-0, '0'],
  [0.5, '0.5'],
  [9007199254740993n, '9007199254740993'],
  [true, 'true'],
  [new Uint8Array([0, 255]), '\\x00ff'],
])('%s has the text "%s"', (id, text) => {
  expect(idText(id)).toBe(text)
})

test.each([
  [null, 'null'],
  [undefined, 'undefined'],
  [{ id: 'secret' }, 'object'],
  [['secret'], 'object'],
  [Symbol('secret'), 'symbol'],
])('what has none is named, and its value is not', (id, name) => {
  expect(() => idText(id)).toThrow(`An id can't be ${name}: `)
  expect(() => idText(id)).not.toThrow('secret')
})

import { describe, expect, test } from 'vitest'
import {
  fieldOf,
  isObject,
  listField,
  lsnText,
  malformed,
  objectField,
  optionalIntegerField,
  optionalObjectField,
  parseMessage,
  textField,
} from './source-message.ts'

const refused = (use: () => unknown): unknown => {
  try {
    return use()
  } catch (error) {
    return error
  }
}

describe('a message', () => {
  test('is text, bytes, or parsed', () => {
    const parsed = { a: 1 }
    expect(parseMessage('Sequin', '{"a":1}')).toEqual(parsed)
    expect(parseMessage('Sequin', new TextEncoder().encode('{"a":"é🦉"}'))).toEqual({ a: 'é🦉' })
    expect(parseMessage('Sequin', parsed)).toBe(parsed)
  })

  test('that is no JSON is refused without a word of it', () => {
    const error = refused(() => parseMessage('Sequin', '{"secret": hunter2}'))
    expect(error).toMatchObject({
      code: 'EVENT_MALFORMED',
      message: 'This is no message of Sequin: it is no JSON.',
    })
    expect((error as Error).cause).toBeUndefined()
    expect(refused(() => parseMessage('Sequin', ''))).toEqual(malformed('Sequin', 'it is empty'))
  })

  test('nested beyond measure exhausts no stack', () => {
    const deep = `${'['.repeat(100_000)}1.00${']'.repeat(100_000)}`
    expect(Array.isArray(parseMessage('Sequin', deep))).toBe(true)
  })
})

describe('fields', () => {
  const message = {
    text: 'x',
    empty: '',
    list: [1],
    object: { a: 1 },
    nothing: null,
    number: 7,
    rounded: 2 ** 60,
  }

  test('are own ones', () => {
    expect(fieldOf(message, 'constructor')).toBeUndefined()
    expect([{}, [], null, 'x', new Uint8Array(1)].map(isObject)).toEqual([true, false, false, false, false])
  })

  test('of the right kind are given', () => {
    expect(textField('F', message, 'text')).toBe('x')
    expect(listField('F', message, 'list')).toEqual([1])
    expect(objectField('F', message, 'object')).toEqual({ a: 1 })
    expect(optionalObjectField('F', message, 'nothing')).toBeNull()
    expect(optionalObjectField('F', message, 'missing')).toBeNull()
    expect(optionalIntegerField('F', message, 'number')).toBe(7n)
    expect(optionalIntegerField('F', message, 'nothing')).toBeUndefined()
    expect(optionalIntegerField('F', { n: '-12345678901234567890' }, 'n')).toBe(-12345678901234567890n)
    expect(
      optionalIntegerField('F', parseMessage('F', '{"n": 9223372036854775807}') as object as never, 'n'),
    ).toBe(9223372036854775807n)
  })

  test.each([
    ['text', () => textField('F', message, 'empty')],
    ['text', () => textField('F', message, 'number')],
    ['list', () => listField('F', message, 'text')],
    ['object', () => objectField('F', message, 'list')],
    ['object', () => optionalObjectField('F', message, 'text')],
    ['whole number', () => optionalIntegerField('F', message, 'text')],
    ['not rounded', () => optionalIntegerField('F', message, 'rounded')],
    ['whole number', () => optionalIntegerField('F', { n: 1.5 }, 'n')],
  ])('of another kind are refused by name: %s', (kind, use) => {
    expect(refused(use)).toMatchObject({
      code: 'EVENT_MALFORMED',
      message: expect.stringMatching(/^This is no message of F: "\w+" /),
    })
    expect(kind).not.toBe('')
  })
})

test('lsnText is as Postgres prints it', () => {
  expect([1n, 97500059720n, 9223372036854775807n].map(lsnText)).toEqual([
    '0/1',
    '16/B374D848',
    '7FFFFFFF/FFFFFFFF',
  ])
})

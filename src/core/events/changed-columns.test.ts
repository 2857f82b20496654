import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { mayHaveChanged, valueOf } from './changed-columns.ts'

class Interval {
  readonly hours: number
  constructor(hours: number) {
    this.hours = hours
  }
}

const equal: readonly (readonly [name: string, before: () => unknown, after: () => unknown])[] = [
  ['texts', () => 'a', () => 'a'],
  ['NULLs', () => null, () => null],
  ['NaN', () => NaN, () => NaN],
  ['numbers', () => 0.5, () => 0.5],
  ['Infinity', () => Infinity, () => Infinity],
  ['bigints beyond 2^53', () => 9007199254740993n, () => 9007199254740993n],
  ['Dates of one moment', () => new Date(5), () => new Date(5)],
  ['Buffers of the same bytes', () => Buffer.from('ab'), () => Buffer.from('ab')],
  ['bytes in a Buffer and in a Uint8Array', () => Buffer.from([1, 2]), () => new Uint8Array([1, 2])],
  ['arrays', () => [1, [2, null]], () => [1, [2, null]]],
  ['empty arrays', () => [], () => []],
  [
    'json of one content, whatever the order',
    () => ({ a: { b: [1] }, c: null }),
    () => ({ c: null, a: { b: [1] } }),
  ],
  ['objects of one class', () => new Interval(1), () => new Interval(1)],
]

const different: typeof equal = [
  ['texts', () => 'a', () => 'b'],
  ['a text and NULL', () => 'a', () => null],
  ['NULL and zero', () => null, () => 0],
  ['a number and its text', () => 1, () => '1'],
  ['NaN and NULL', () => NaN, () => null],
  ['Infinity and its negative', () => Infinity, () => -Infinity],
  ['bigints that one double stands for', () => 9007199254740993n, () => 9007199254740992n],
  ['numbers beyond 2^53, which may have been rounded', () => 2 ** 60, () => 2 ** 60],
  ['numbers of more digits than a double keeps', () => 0.1 + 0.2, () => 0.1 + 0.2],
  ['json with a number that may have been rounded', () => ({ a: [2 ** 53] }), () => ({ a: [2 ** 53] })],
  ['Dates a millisecond apart', () => new Date(5), () => new Date(6)],
  ['Buffers of other bytes', () => Buffer.from('ab'), () => Buffer.from('ac')],
  ['Buffers of other length', () => Buffer.from('ab'), () => Buffer.from('a')],
  ['arrays of other order', () => [1, 2], () => [2, 1]],
  ['an array and a longer one', () => [1], () => [1, undefined]],
  ['an array and an object', () => ['a'], () => ({ 0: 'a' })],
  ['json that differs deep inside', () => ({ a: { b: [1] } }), () => ({ a: { b: [2] } })],
  ['json with a property more', () => ({ a: 1 }), () => ({ a: 1, b: undefined })],
  ['a property that is undefined and one that is absent', () => ({ a: undefined }), () => ({ b: undefined })],
  ['objects of two classes', () => new Interval(1), () => ({ hours: 1 })],
  ['values whose content is hidden', () => new Map([[1, 2]]), () => new Map([[1, 3]])],
]

describe('mayHaveChanged', () => {
  test.each(equal)('is false for equal %s', (_, before, after) => {
    expect(mayHaveChanged(['x'], { x: after() }, { x: before() })).toBe(false)
  })

  test.each(different)('is true for different values: %s', (_, before, after) => {
    expect(mayHaveChanged(['x'], { x: after() }, { x: before() })).toBe(true)
    expect(mayHaveChanged(['x'], { x: before() }, { x: after() })).toBe(true)
  })

  test('looks at the columns that are read, and at no other', () => {
    const data = { read: 1, other: 2 }
    const dataOld = { read: 1, other: 3 }
    expect(mayHaveChanged(['read'], data, dataOld)).toBe(false)
    expect(mayHaveChanged(['read', 'other'], data, dataOld)).toBe(true)
    expect(mayHaveChanged([], data, dataOld)).toBe(false)
  })

  test.each([
    ['the old row is unknown', { x: 1 }, undefined],
    ['the column is absent from the old row', { x: 1 }, {}],
    ['the column is absent from the new row', {}, { x: 1 }],
    ['the column is undefined in the old row', { x: 1 }, { x: undefined }],
    ['the column is undefined in both rows', { x: undefined }, { x: undefined }],
    ['the column is absent from both rows', {}, {}],
    ['NULL stands where nothing is known', { x: null }, {}],
  ])('is true where %s: unknown counts as changed', (_, data, dataOld) => {
    expect(mayHaveChanged(['x'], data, dataOld)).toBe(true)
  })

  test('is not misled by a column that every object seems to have', () => {
    expect(mayHaveChanged(['constructor'], {}, {})).toBe(true)
    expect(mayHaveChanged(['constructor'], { constructor: 1 }, { constructor: 1 })).toBe(false)
  })

  test('sees a change of a __proto__ property of a json value', () => {
    const json = (text: string): unknown => JSON.parse(text)
    const before = { x: json('{"__proto__": {"a": 1}}') }
    expect(mayHaveChanged(['x'], { x: json('{"__proto__": {"a": 2}}') }, before)).toBe(true)
    expect(mayHaveChanged(['x'], { x: json('{"__proto__": {"a": 1}}') }, before)).toBe(false)
  })
})

describe('valueOf', () => {
  test('tells NULL from a value that the row does not hold', () => {
    expect(valueOf({ x: null }, 'x')).toBeNull()
    expect(valueOf({}, 'x')).toBeUndefined()
    expect(valueOf(undefined, 'x')).toBeUndefined()
  })

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'does not find "%s" in an empty row',
    (name) => {
      expect(valueOf({}, name)).toBeUndefined()
    },
  )
})

test('a document that is nested beyond measure counts as changed, and exhausts no stack', () => {
  const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}1${']'.repeat(levels)}`)
  expect(mayHaveChanged(['a'], { a: nested(400) }, { a: nested(400) })).toBe(false)
  expect(mayHaveChanged(['a'], { a: nested(100_000) }, { a: nested(100_000) })).toBe(true)
})

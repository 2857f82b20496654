import { describe, expect, test } from 'vitest'
import { planOf } from './plan.ts'
import { rootIdColumns, rootIdOf, rootIdText } from './root-id.ts'
import type { Key } from './schema.ts'

const planWith = (primaryKey: Key): ReturnType<typeof planOf> =>
  planOf({ table: 'line', primaryKey, schema: { type: 'column', column: 'amount' } })

describe('an id', () => {
  test.each<[Key, string, unknown]>([
    ['id', '7', '7'],
    [['id'], '["7","a"]', '["7","a"]'],
    [['order', 'place'], '["7","a"]', { order: '7', place: 'a' }],
    [['a', 'b', 'c'], String.raw`["","\"\\","📚\n"]`, { a: '', b: '"\\', c: '📚\n' }],
    [['__proto__', 'constructor'], '["1","2"]', JSON.parse('{"__proto__": "1", "constructor": "2"}')],
  ])('of the key %j goes there and back: %s', (primaryKey, text, id) => {
    const plan = planWith(primaryKey)
    expect(rootIdOf(plan, text)).toEqual(id)
    expect(rootIdText(plan, id)).toBe(text)
    expect(rootIdText(plan, text)).toBe(text)
  })

  test('may be of other values than texts, its properties in any order, with others beside them', () => {
    const id = { place: 1n, amount: null, order: true }
    expect(rootIdColumns(planWith(['order', 'place']), id)).toEqual(['true', '1'])
  })

  test.each([
    undefined,
    null,
    7,
    '7',
    '["7"]',
    '["7",1]',
    ['7', 'a'],
    { order: 7 },
    { order: 7, place: null },
  ])('of two columns can not be %j', (id) => {
    expect(() => rootIdColumns(planWith(['order', 'place']), id)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })

  test('that lacks columns is told which there are, and no value', () => {
    expect(() => rootIdColumns(planWith(['order', 'place']), { order: 'secret' })).toThrow(
      'An id of this schema is an object with a value for each of "order", "place".',
    )
  })
})

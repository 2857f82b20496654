import { expect, test } from 'vitest'
import { redisKeys } from './redis-keys.ts'

// https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
function hashedPart(key: string): string {
  const open = key.indexOf('{')
  const close = key.indexOf('}', open + 1)
  return open < 0 || close <= open + 1 ? key : key.slice(open + 1, close)
}

test.each(['books', '{shop}:books', 'shop:{books}', '{a}{b}', 'a{b', '{', 'my key', '📚'])(
  'the keys beside "%s" share its slot',
  (key) => {
    const keys = redisKeys(key)
    expect(keys[0]).toBe(key)
    expect(new Set(keys).size).toBe(8)
    expect(new Set(keys.map(hashedPart)).size).toBe(1)
  },
)

test('they are readable', () => {
  expect(redisKeys('books')).toEqual([
    'books',
    '{books}:flights',
    '{books}:tokens',
    '{books}:again',
    '{books}:sequence',
    '{books}:failing',
    '{books}:failures',
    '{books}:since',
  ])
  expect(redisKeys('{shop}:books')[1]).toBe('{shop}:books:flights')
})

test.each(['', '{}books', 'a}b', '}', undefined])('"%s" is refused', (key) => {
  expect(() => redisKeys(key as string)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
})

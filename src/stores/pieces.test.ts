import { expect, test } from 'vitest'
import { pieces } from './pieces.ts'

test('cuts by number', () => {
  expect([...pieces(['a', 'b', 'c', 'd', 'e'], 2)]).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  expect([...pieces(['a', 'b'], 2)]).toEqual([['a', 'b']])
  expect([...pieces([], 2)]).toEqual([])
})

test('cuts by length, and gives a long id a piece of its own', () => {
  const long = 'x'.repeat(2_500_000)
  const longer = 'x'.repeat(5_000_000)
  const lengths = [...pieces(['', long, long, longer, 'a'], 100)].map((piece) => piece.map((id) => id.length))
  expect(lengths).toEqual([[0, 2_500_000], [2_500_000], [5_000_000], [1]])
})

import { expect, test } from 'vitest'
import { retryDelay } from './retry-delay.ts'

test('doubles up to its limit', () => {
  const delays = [1, 2, 3, 8, 9, 10, 1_000].map((attempt) => retryDelay(attempt, 30_000, () => 1))
  expect(delays).toEqual([100, 200, 400, 12_800, 25_600, 30_000, 30_000])
})

test('leaves a random half away', () => {
  expect(retryDelay(1, 30_000, () => 0)).toBe(50)
  expect(retryDelay(50, 1_000, () => 0.5)).toBe(750)
})

import { describe, expect, test } from 'vitest'
import { retryDelay, sleep } from './retry.ts'

describe('retryDelay', () => {
  test('doubles up to its limit', () => {
    const delays = [1, 2, 3, 8, 9, 10, 1_000].map((attempt) => retryDelay(attempt, 30_000, () => 1))
    expect(delays).toEqual([100, 200, 400, 12_800, 25_600, 30_000, 30_000])
  })

  test('leaves a random half away', () => {
    expect(retryDelay(1, 30_000, () => 0)).toBe(50)
    expect(retryDelay(50, 1_000, () => 0.5)).toBe(750)
  })

  test('differs, so that many builders do not come back at once', () => {
    expect(new Set(Array.from({ length: 10 }, () => retryDelay(8, 10_000))).size).toBeGreaterThan(1)
  })
})

describe('sleep', () => {
  test('waits', async () => {
    const began = performance.now()
    await sleep(15, new AbortController().signal)
    expect(performance.now() - began).toBeGreaterThanOrEqual(14)
  })

  test('returns early when the signal aborts, or has', async () => {
    const abort = new AbortController()
    const sleeping = sleep(60_000, abort.signal)
    abort.abort()
    await sleeping
    await sleep(60_000, abort.signal)
  })
})

import { describe, expect, test } from 'vitest'
import { pauseMs, sleep } from './retry.ts'

describe('pauseMs', () => {
  test.each([
    [1, 50, 100],
    [2, 100, 200],
    [5, 800, 1_600],
    [8, 5_000, 10_000],
    [50, 5_000, 10_000],
    [5_000, 5_000, 10_000],
  ])('of attempt %i lies between %i and %i', (attempt, least, most) => {
    for (let n = 0; n < 100; n++) {
      const pause = pauseMs(attempt)
      expect(pause).toBeGreaterThanOrEqual(least)
      expect(pause).toBeLessThanOrEqual(most)
    }
  })

  test('differs, so that many builders do not come back at once', () => {
    expect(new Set(Array.from({ length: 10 }, () => pauseMs(8))).size).toBeGreaterThan(1)
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

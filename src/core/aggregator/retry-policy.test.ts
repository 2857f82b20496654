import { describe, expect, test } from 'vitest'
import { retryAfter } from './retry-policy.ts'

const busy = { parkAfter: 10, sinceEmissionMs: 5 }
const quiet = { parkAfter: 10, sinceEmissionMs: Infinity }
const failed = (attempts: number, failingForMs = 60_000) => ({ attempts, failingForMs })

describe('retryAfter', () => {
  test('the first failure waits for nothing, the next ones for twice as long each time', () => {
    const pauses = [undefined, ...[1, 2, 3, 4].map((attempts) => failed(attempts))]
    expect(pauses.map((past) => retryAfter(past, busy))).toEqual([0, 1_000, 2_000, 4_000, 8_000])
  })

  test('no pause is longer than five minutes', () => {
    expect(retryAfter(failed(5_000), quiet)).toBe(300_000)
  })

  test('after so many attempts it is parked, and no sooner', () => {
    expect(retryAfter(failed(8), busy)).toBe(256_000 / 2)
    expect(retryAfter(failed(9), busy)).toBeNull()
    expect(retryAfter(failed(50), busy)).toBeNull()
    expect(retryAfter(undefined, { ...busy, parkAfter: 1 })).toBe(0)
  })

  test('nothing is parked while nothing else went through: that may be an outage', () => {
    expect(retryAfter(failed(9), quiet)).toBe(256_000)
    expect(retryAfter(failed(9, 1_000), { ...busy, sinceEmissionMs: 1_001 })).toBe(256_000)
    expect(retryAfter(failed(9, 1_000), { ...busy, sinceEmissionMs: 999 })).toBeNull()
  })
})

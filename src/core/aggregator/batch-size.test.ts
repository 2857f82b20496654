import { describe, expect, test } from 'vitest'
import { BatchSize } from './batch-size.ts'

describe('the size of the next batch', () => {
  test('is the largest at first, and as long as reading is fast', () => {
    const size = new BatchSize({ max: 1_000, targetMs: 1_000 })
    expect(size.current).toBe(1_000)
    size.took(1_000, 20)
    expect(size.current).toBe(1_000)
  })

  test('shrinks in proportion, at most by half', () => {
    const size = new BatchSize({ max: 1_000, targetMs: 1_000 })
    size.took(1_000, 1_250)
    expect(size.current).toBe(800)
    size.took(800, 60_000)
    expect(size.current).toBe(400)
  })

  test('shrinks from what was read, where that was less', () => {
    const size = new BatchSize({ max: 1_000, targetMs: 1_000 })
    size.took(100, 2_000)
    expect(size.current).toBe(50)
  })

  test('is halved where the server gave up', () => {
    const size = new BatchSize({ max: 1_000, targetMs: 1_000 })
    size.tooLong(1_000)
    expect(size.current).toBe(500)
  })

  test('never falls below 10, or below the largest where that is less', () => {
    const size = new BatchSize({ max: 1_000, targetMs: 1 })
    const small = new BatchSize({ max: 4, targetMs: 1 })
    for (let round = 0; round < 20; round += 1) {
      size.took(size.current, 500)
      small.took(small.current, 500)
    }
    expect(size.current).toBe(10)
    expect(small.current).toBe(4)
  })

  test('doubles again once whole batches take less than half of the target, and not before', () => {
    const size = new BatchSize({ max: 100, targetMs: 1_000 })
    size.tooLong(40)
    size.took(20, 600)
    size.took(19, 10)
    expect(size.current).toBe(20)
    for (const expected of [40, 80, 100]) {
      size.took(size.current, 100)
      expect(size.current).toBe(expected)
    }
  })
})

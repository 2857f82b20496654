import { describe, expect, test } from 'vitest'
import {
  buildersThroughput,
  fitBatchQueue,
  latencyMs,
  settledBatch,
  throughput,
} from '../../bench/model/batch-queue.ts'

const queue = { fixedMs: 4, objectMs: 0.1 }

describe('a queue with service in bulk', () => {
  test('is found again in two points of its own', () => {
    const point = (size: number) => ({ size, perSecond: throughput(queue, size) })
    const found = fitBatchQueue(point(1), point(1_000))
    expect(found.fixedMs).toBeCloseTo(queue.fixedMs)
    expect(found.objectMs).toBeCloseTo(queue.objectMs)
  })

  test('settles where a batch takes as long as the next one needs to gather', () => {
    for (const perSecond of [500, 5_000, 9_000]) {
      const size = settledBatch(queue, perSecond)!
      expect((throughput(queue, size) / perSecond).toFixed(6)).toBe('1.000000')
    }
    expect(settledBatch(queue, 1)).toBe(1)
    expect(settledBatch(queue, 10_000)).toBeNull()
    expect(latencyMs(queue, 10_000)).toBeNull()
    expect(latencyMs(queue, 5_000)).toBeCloseTo(1.5 * 8)
    expect(latencyMs(queue, 0.001)).toBeCloseTo(4.1)
    expect(latencyMs(queue, 100)).toBeCloseTo(4.1 * (1 + 0.41 / 2))
  })

  test('with a sink that takes longer than a read is as fast as the sink, until the machine is the limit', () => {
    const of = (count: number): number =>
      buildersThroughput(queue, { count, size: 100, sinkMs: 50, sharedPerSecond: 5_000 })
    expect([of(1), of(2), of(4)]).toEqual([2_000, 4_000, 5_000])
  })
})

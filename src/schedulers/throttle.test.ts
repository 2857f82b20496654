import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { throttle } from './throttle.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A build that takes `ms`, and the times at which it was started. */
function recordedBuild(ms = 0): { build: () => Promise<void>; starts: number[] } {
  const origin = performance.now()
  const starts: number[] = []
  const build = async (): Promise<void> => {
    starts.push(Math.round(performance.now() - origin))
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
  }
  return { build, starts }
}

test('a lone request builds at once', () => {
  const { build, starts } = recordedBuild()
  throttle({ ms: 100 })(build)
  expect(starts).toEqual([0])
})

test('a stream of requests builds once per interval, and once more for the last of them', async () => {
  const { build, starts } = recordedBuild()
  const schedule = throttle({ ms: 100 })
  for (let at = 0; at < 250; at += 10) {
    schedule(build)
    await vi.advanceTimersByTimeAsync(10)
  }
  await vi.advanceTimersByTimeAsync(5_000)
  expect(starts).toEqual([0, 100, 200, 300])
})

test('after a pause a request builds at once again', async () => {
  const { build, starts } = recordedBuild()
  const schedule = throttle({ ms: 100 })
  schedule(build)
  await vi.advanceTimersByTimeAsync(1_000)
  schedule(build)
  expect(starts).toEqual([0, 1_000])
})

test('a request during a build is served by another one, right after it where the interval is over', async () => {
  const { build, starts } = recordedBuild(350)
  const schedule = throttle({ ms: 100 })
  schedule(build)
  await vi.advanceTimersByTimeAsync(10)
  schedule(build)
  schedule(build)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(starts).toEqual([0, 350])
})

test('a build that throws, at once even, is reported, and the next one runs', async () => {
  const reports = vi.spyOn(console, 'error').mockReturnValue()
  const { build, starts } = recordedBuild()
  const schedule = throttle({ ms: 100 })
  schedule(() => {
    throw new Error('no promise even')
  })
  await vi.advanceTimersByTimeAsync(10)
  expect(reports).toHaveBeenCalledTimes(1)
  schedule(build)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(starts).toEqual([100])
  reports.mockRestore()
})

test.each([0, -1, 1.5, Number.NaN, Infinity])('ms %s is refused', (ms) => {
  expect(() => throttle({ ms })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
})

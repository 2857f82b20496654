import { CaptureError } from 'pg-capture'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { debounce } from './debounce.ts'

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

test('a build waits for quiet, and covers all requests until then', async () => {
  const { build, starts } = recordedBuild()
  const schedule = debounce({ ms: 100 })
  schedule(build)
  await vi.advanceTimersByTimeAsync(60)
  schedule(build)
  await vi.advanceTimersByTimeAsync(60)
  schedule(build)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(starts).toEqual([220])
})

test('where it never gets quiet, a build starts maxMs after the first request that waits', async () => {
  const { build, starts } = recordedBuild()
  const schedule = debounce({ ms: 100, maxMs: 250 })
  for (let at = 0; at < 600; at += 50) {
    schedule(build)
    await vi.advanceTimersByTimeAsync(50)
  }
  await vi.advanceTimersByTimeAsync(1_000)
  // The next request after a build comes at 300, then at 600 minus one step: 550 is the last, quiet from there.
  expect(starts).toHaveLength(3)
  expect(starts[0]).toBe(250)
  expect(starts[1]! - starts[0]!).toBeGreaterThanOrEqual(250)
  expect(starts[2]).toBeGreaterThanOrEqual(600)
})

test('maxMs is ten times ms where it is not given', async () => {
  const { build, starts } = recordedBuild()
  const schedule = debounce({ ms: 10 })
  for (let at = 0; at < 150; at += 5) {
    schedule(build)
    await vi.advanceTimersByTimeAsync(5)
  }
  expect(starts[0]).toBe(100)
})

test('a request during a build is served by another one, which does not overlap with it', async () => {
  const { build, starts } = recordedBuild(1_000)
  const schedule = debounce({ ms: 100 })
  schedule(build)
  await vi.advanceTimersByTimeAsync(150)
  schedule(build)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(starts).toEqual([100, 1_100])
})

test('a request shortly before the end of a build still waits for quiet', async () => {
  const { build, starts } = recordedBuild(1_000)
  const schedule = debounce({ ms: 100 })
  schedule(build)
  await vi.advanceTimersByTimeAsync(1_050)
  schedule(build)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(starts).toEqual([100, 1_150])
})

test('the build that runs is the one handed over last', async () => {
  const ran: string[] = []
  const schedule = debounce({ ms: 10 })
  schedule(async () => void ran.push('first'))
  schedule(async () => void ran.push('second'))
  await vi.advanceTimersByTimeAsync(100)
  expect(ran).toEqual(['second'])
})

test('a build that fails is reported, without the words of the failure, and the next one runs', async () => {
  const reports = vi.spyOn(console, 'error').mockReturnValue()
  const { build, starts } = recordedBuild()
  const schedule = debounce({ ms: 10 })
  schedule(() => Promise.reject(new Error('Key (name)=(Alice) is wrong')))
  await vi.advanceTimersByTimeAsync(20)
  expect(reports.mock.calls).toEqual([[expect.stringContaining('a scheduled build failed')]])
  expect(String(reports.mock.calls[0])).not.toContain('Alice')
  schedule(build)
  await vi.advanceTimersByTimeAsync(20)
  expect(starts).toHaveLength(1)
  reports.mockRestore()
})

test('an interval that no timer can wait for at once is waited for all the same', async () => {
  const { build, starts } = recordedBuild()
  const days = 24 * 60 * 60 * 1_000
  debounce({ ms: 30 * days })(build)
  await vi.advanceTimersByTimeAsync(29 * days)
  expect(starts).toEqual([])
  await vi.advanceTimersByTimeAsync(2 * days)
  expect(starts).toEqual([30 * days])
})

describe('options', () => {
  test.each([0, -1, 1.5, Number.NaN, Infinity])('ms %s is refused', (ms) => {
    expect(() => debounce({ ms })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  test('a maxMs shorter than ms is refused', () => {
    expect(() => debounce({ ms: 100, maxMs: 99 })).toThrow(
      new CaptureError('OPTION_INVALID', '"maxMs" (99) must not be shorter than "ms" (100).'),
    )
  })
})

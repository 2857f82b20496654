import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { InMemorySet } from '../pending/in-memory-set.ts'
import { buildRegularly, type BuildRegularlyOptions } from './build-regularly.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Regular builds of a stand-in, and the times at which each of them began. */
function regular(
  build: (attempt: number) => Promise<void> | void,
  options: BuildRegularlyOptions & { readonly retryInMs?: () => number | null } = {},
) {
  const origin = performance.now()
  const starts: number[] = []
  const errors: unknown[] = []
  const { retryInMs = () => null, ...others } = options
  const aggregator = {
    emits: true,
    get retryInMs() {
      return retryInMs()
    },
    async buildObjects() {
      starts.push(Math.round(performance.now() - origin))
      await build(starts.length)
    },
  }
  const builds = buildRegularly(aggregator, { onError: (error) => errors.push(error), ...others })
  onTestFinished(() => builds.stop())
  return { builds, starts, errors }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The pauses between the starts. */
const pausesOf = (starts: readonly number[]): number[] =>
  starts.slice(1).map((start, index) => start - starts[index]!)

test('builds at once, and then whenever sweepMs have passed since the end of the last build', async () => {
  const { starts } = regular(() => pause(30), { sweepMs: 1_000 })
  expect(starts).toEqual([0])
  await vi.advanceTimersByTimeAsync(2_100)
  expect(starts).toEqual([0, 1_030, 2_060])
})

test('sweepMs is ten seconds where it is not given', async () => {
  const { starts } = regular(() => undefined)
  await vi.advanceTimersByTimeAsync(20_000)
  expect(starts).toEqual([0, 10_000, 20_000])
})

test('a sweepMs that no timer can wait for does not become none', async () => {
  const days = 24 * 60 * 60 * 1_000
  const { starts } = regular(() => undefined, { sweepMs: 30 * days })
  await vi.advanceTimersByTimeAsync(20 * days)
  expect(starts).toEqual([0])
})

describe('whatever asks for a build, or does not', () => {
  test('an id is claimed before it is older than sweepMs and one build', async () => {
    const set = new InMemorySet()
    const added = new Map<string, number>()
    const ages: number[] = []
    regular(
      async () => {
        const claim = await set.claim(1_000, 60_000)
        for (const id of claim.ids) ages.push(performance.now() - added.get(id)!)
        await pause(70)
        await set.acknowledge(claim)
      },
      { sweepMs: 500 },
    )
    for (let id = 0; id < 400; id += 1) {
      added.set(String(id), performance.now())
      await set.add([String(id)])
      await vi.advanceTimersByTimeAsync(7)
    }
    await vi.advanceTimersByTimeAsync(600)
    expect(ages).toHaveLength(400)
    expect(Math.max(...ages)).toBeLessThanOrEqual(570)
  })

  test('an id of a builder that died is claimed within sweepMs and one build after its lease', async () => {
    for (const deathAt of [0, 1, 250, 499, 500, 510]) {
      const set = new InMemorySet()
      const claimed: number[] = []
      const { builds } = regular(
        async () => {
          const claim = await set.claim(1_000, 60_000)
          if (claim.ids.length > 0) claimed.push(performance.now())
          await pause(20)
          await set.acknowledge(claim)
        },
        { sweepMs: 500 },
      )
      await vi.advanceTimersByTimeAsync(deathAt)
      await set.add(['1'])
      await set.claim(1_000, 3_000)
      const leaseEnds = performance.now() + 3_000
      await vi.advanceTimersByTimeAsync(5_000)
      expect(claimed, `died at ${deathAt}`).toHaveLength(1)
      expect(claimed[0]! - leaseEnds).toBeGreaterThanOrEqual(0)
      expect(claimed[0]! - leaseEnds).toBeLessThanOrEqual(520)
      await builds.stop()
    }
  })
})

describe('a build that fails', () => {
  test('is told, and tried again after pauses that grow, until it works', async () => {
    const failure = new Error('the sink is down')
    const { starts, errors } = regular((attempt) => {
      if (attempt <= 12) throw failure
    })
    await vi.advanceTimersByTimeAsync(200_000)
    expect(errors).toEqual(Array.from({ length: 12 }, () => failure))
    const pauses = pausesOf(starts)
    // 0.1 s doubled each time up to 10 s, of each at least a half; then every 10 s.
    for (const [index, least] of [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(least)
      expect(pauses[index]).toBeLessThanOrEqual(Math.min(2 * least, 10_000))
    }
    expect(pauses.slice(12)).toEqual(pauses.slice(12).map(() => 10_000))
  })

  test('is tried again as early as the next sweep would have come', async () => {
    const { starts } = regular(
      () => {
        throw new Error('the sink is down')
      },
      { sweepMs: 300 },
    )
    await vi.advanceTimersByTimeAsync(10_000)
    expect(Math.max(...pausesOf(starts))).toBeLessThanOrEqual(300)
  })

  test('for some ids is tried again when these may be, or by the next sweep', async () => {
    const waits = [250, 40, 5_000, null]
    const { starts } = regular(() => undefined, {
      sweepMs: 1_000,
      retryInMs: () => waits.shift() ?? null,
    })
    await vi.advanceTimersByTimeAsync(3_000)
    // An id that is due at once waits for the shortest pause all the same.
    expect(starts).toEqual([0, 250, 350, 1_350, 2_350])
  })

  test('goes on where onError fails too; without an onError it is printed, without a value of a row', async () => {
    const printed = vi.spyOn(console, 'error').mockReturnValue()
    onTestFinished(() => printed.mockRestore())
    const fails = (): never => {
      throw new Error('Can not index {"title":"One"}')
    }
    const { starts } = regular(fails, { onError: fails })
    regular(fails, { onError: undefined })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(starts.length).toBeGreaterThan(2)
    expect(new Set(printed.mock.calls.flat())).toEqual(
      new Set([
        'pg-capture: onError failed when it was told: a build failed and is tried again: Error (pass onError to see it)',
        'pg-capture: a build failed and is tried again: Error (pass onError to see it)',
      ]),
    )
  })
})

describe('stop', () => {
  test('waits for the build under way, and no other follows', async () => {
    let isBuilt = false
    const { builds, starts } = regular(async () => {
      await pause(500)
      isBuilt = true
    })
    const stopped = builds.stop().then(() => isBuilt)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await stopped).toBe(true)
    await builds.stop()
    expect(starts).toEqual([0])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('interrupts the pause before the next attempt, and the one before the next sweep', async () => {
    const failing = regular(() => {
      throw new Error('the sink is down')
    })
    const idle = regular(() => undefined)
    await vi.advanceTimersByTimeAsync(20_000)
    await Promise.all([failing.builds.stop(), idle.builds.stop()])
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('options', () => {
  const aggregator = { emits: true, retryInMs: null, buildObjects: () => expect.fail('not to be built') }

  test.each([0, -1, 1.5, Infinity])('sweepMs %s is refused', (sweepMs) => {
    expect(() => buildRegularly(aggregator, { sweepMs })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('"sweepMs"') }),
    )
  })

  test('an aggregator without onChange is refused', () => {
    expect(() => buildRegularly({ ...aggregator, emits: false })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('onChange') }),
    )
  })
})

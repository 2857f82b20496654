import { expect, onTestFinished, test } from 'vitest'
import { InMemorySet } from 'pg-capture'

/** What the recipe of a queue offers, over a queue that no other test has. */
export interface BuildRequests {
  /** What a handler calls. */
  request(): Promise<unknown>
  /** What a builder calls. */
  serve(
    aggregator: { emits: boolean; retryInMs: null; buildObjects(): Promise<void> },
    options: { readonly onError: (error: unknown) => void; readonly sweepMs: number },
  ): { stop(): Promise<void> } | Promise<{ stop(): Promise<void> }>
}

const patience = { timeout: 30_000, interval: 5 }

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The tests that the recipe of every queue has to pass, with requests that wait for 100 ms. */
export function testBuildRequests(open: () => Promise<BuildRequests>): void {
  /** A builder that stands in, past the sweep of its start. */
  async function builder(queue: BuildRequests, build: (attempt: number) => Promise<void> | void) {
    let isSwept = false
    const starts: number[] = []
    const errors: unknown[] = []
    const serving = await queue.serve(
      {
        emits: true,
        retryInMs: null,
        async buildObjects() {
          if (!isSwept) {
            isSwept = true
            return
          }
          starts.push(performance.now())
          await build(starts.length)
        },
      },
      // No sweep comes to the help of the queue.
      { onError: (error) => errors.push(error), sweepMs: 600_000 },
    )
    let stopping: Promise<void> | undefined
    const stop = (): Promise<void> => (stopping ??= serving.stop())
    onTestFinished(stop)
    await expect.poll(() => isSwept, patience).toBe(true)
    return { starts, errors, stop }
  }

  test('many requests at once become one build, after the delay', async () => {
    const queue = await open()
    const { starts } = await builder(queue, () => undefined)
    const began = performance.now()
    await Promise.all(Array.from({ length: 200 }, () => queue.request()))
    const requestedMs = performance.now() - began
    await expect.poll(() => starts.length, patience).toBeGreaterThan(0)
    expect(starts[0]! - began).toBeGreaterThanOrEqual(95)
    await pause(700)
    // Where the requests take their time, there is one for each delay of 100 ms meanwhile.
    expect(starts.length).toBeLessThan(20 + requestedMs / 50)
  })

  test('requests without end do not put a build off without end', async () => {
    const queue = await open()
    const { starts } = await builder(queue, () => undefined)
    let requests = 0
    while (starts.length < 3) {
      await queue.request()
      requests += 1
      await pause(5)
    }
    expect(requests).toBeGreaterThan(3)
  })

  test('ids that are added during a build, with a request after them, are built', async () => {
    const queue = await open()
    const pending = new InMemorySet()
    const built: string[] = []
    await builder(queue, async (attempt) => {
      const claim = await pending.claim(100, 60_000)
      if (attempt === 1) {
        // Too late for this build, which has claimed already.
        await pending.add(['late'])
        await queue.request()
        await pause(300)
      }
      built.push(...claim.ids)
      await pending.acknowledge(claim)
    })
    await pending.add(['early'])
    await queue.request()
    await expect.poll(() => built, patience).toEqual(['early', 'late'])
  })

  test('while one builder builds, another one serves what is requested', async () => {
    const queue = await open()
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    let building = 0
    const hold = async (): Promise<void> => {
      building += 1
      await released
    }
    await builder(queue, hold)
    await builder(queue, hold)
    await queue.request()
    await expect.poll(() => building, patience).toBe(1)
    await queue.request()
    await expect.poll(() => building, patience).toBe(2)
    release()
  })

  test('a build that fails is told, and does not stand in the way of the next', async () => {
    const queue = await open()
    const { starts, errors } = await builder(queue, (attempt) => {
      if (attempt === 1) throw new Error('the sink is down')
    })
    await queue.request()
    await expect.poll(() => errors.map(String), patience).toEqual(['Error: the sink is down'])
    await queue.request()
    await expect.poll(() => starts.length, patience).toBeGreaterThan(1)
  })

  test('a builder that stops finishes its build', async () => {
    const queue = await open()
    let isBuilt = false
    const { starts, stop } = await builder(queue, async () => {
      await pause(300)
      isBuilt = true
    })
    await queue.request()
    await expect.poll(() => starts.length, patience).toBe(1)
    await stop()
    expect(isBuilt).toBe(true)
  })
}

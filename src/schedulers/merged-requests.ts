import type { BuildCallback } from '../core/aggregator/event-aggregator.ts'
import { reportFailure } from '../core/errors/report-failure.ts'

/** Times in milliseconds of a clock that does not jump. */
export interface RequestTimes {
  /** When the first request came that no build covers yet. */
  readonly first: number
  /** When the last one came. */
  readonly last: number
  /** When the last build started; before the first build, `-Infinity`. */
  readonly started: number
}

/** A longer one would overflow, and `setTimeout` would then not wait at all. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/**
 * Merges requests into builds, one build at a time. A build covers the requests that came before it started; one that comes
 * while it runs is served by another build.
 *
 * @param dueAt says when the next build may start. It is asked again when that time has come, so that later requests can put
 * it off without a timer each.
 */
export function mergeRequests(dueAt: (times: RequestTimes) => number): (build: BuildCallback) => void {
  let wanted: BuildCallback | undefined
  let first = 0
  let last = 0
  let started = -Infinity
  let isRunning = false
  let isWaiting = false

  function proceed(): void {
    if (wanted === undefined || isRunning || isWaiting) return
    const wait = dueAt({ first, last, started }) - performance.now()
    if (wait <= 0) {
      void run(wanted)
      return
    }
    isWaiting = true
    setTimeout(
      () => {
        isWaiting = false
        proceed()
      },
      Math.min(wait, LONGEST_TIMEOUT_MS),
    )
  }

  async function run(build: BuildCallback): Promise<void> {
    wanted = undefined
    isRunning = true
    started = performance.now()
    try {
      await build()
    } catch (error) {
      reportFailure('a scheduled build failed, its ids stay pending', error)
    }
    isRunning = false
    proceed()
  }

  return (build) => {
    last = performance.now()
    if (wanted === undefined) first = last
    wanted = build
    proceed()
  }
}

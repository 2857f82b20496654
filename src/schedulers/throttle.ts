import type { BuildCallback } from '../core/aggregator/event-aggregator.ts'
import { positiveInteger } from '../core/pending/positive-integer.ts'
import { mergeRequests } from './merged-requests.ts'

export interface ThrottleOptions {
  /** The shortest time from the start of one build to the start of the next, in milliseconds. */
  readonly ms: number
}

/**
 * For `scheduleBuildObjects`: builds at once, and then at most once in `ms`. A lone event has no delay, and a stream of events
 * costs a build per interval.
 *
 * @example
 * ```ts
 * new EventAggregator({ schema, client, onChange, scheduleBuildObjects: throttle({ ms: 250 }) })
 * ```
 *
 * Builds do not overlap, and no request is lost: what comes within the interval, or during a build, is served by the next
 * one. Make one for each aggregator, as the build that runs is the one that was handed over last.
 *
 * @throws CaptureError `OPTION_INVALID`.
 */
export function throttle(options: ThrottleOptions): (build: BuildCallback) => void {
  const ms = positiveInteger(options.ms, 'ms')
  return mergeRequests(({ started }) => started + ms)
}

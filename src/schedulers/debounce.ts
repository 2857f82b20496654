import type { BuildCallback } from '../core/aggregator/event-aggregator.ts'
import { CaptureError } from '../core/errors/capture-error.ts'
import { positiveInteger } from '../core/pending/positive-integer.ts'
import { mergeRequests } from './merged-requests.ts'

export interface DebounceOptions {
  /** How long it has to be quiet before a build starts, in milliseconds. */
  readonly ms: number
  /** The longest that a request waits where it never gets quiet, in milliseconds. Default: ten times `ms`. */
  readonly maxMs?: number | undefined
}

/**
 * For `scheduleBuildObjects`: builds when no event has come for `ms`, and at the latest `maxMs` after the first one. Many events
 * in a row, say the chunks of a large import, become one build.
 *
 * @example
 * ```ts
 * new EventAggregator({ schema, client, onChange, scheduleBuildObjects: debounce({ ms: 100, maxMs: 1_000 }) })
 * ```
 *
 * Builds do not overlap, and no request is lost: one that comes during a build is served by a later one. Make one for each
 * aggregator, as the build that runs is the one that was handed over last.
 *
 * @throws CaptureError `OPTION_INVALID`.
 */
export function debounce(options: DebounceOptions): (build: BuildCallback) => void {
  const ms = positiveInteger(options.ms, 'ms')
  const maxMs = positiveInteger(options.maxMs ?? 10 * ms, 'maxMs')
  if (maxMs < ms) {
    throw new CaptureError('OPTION_INVALID', `"maxMs" (${maxMs}) must not be shorter than "ms" (${ms}).`)
  }
  return mergeRequests(({ first, last }) => Math.min(last + ms, first + maxMs))
}

import type { EventAggregator } from '../aggregator/event-aggregator.ts'
import { CaptureError } from '../errors/capture-error.ts'
import { tellFailure } from '../errors/tell-failure.ts'
import { positiveInteger } from '../pending/positive-integer.ts'
import { BuildLoop } from './build-loop.ts'

export interface BuildRegularlyOptions {
  /** The longest time from the end of one build to the start of the next, in milliseconds. Default: 10,000. */
  readonly sweepMs?: number | undefined
  /** Is told of every build that failed; it is tried again. Default: `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface RegularBuilds {
  /** Starts no more builds and waits for the one under way. */
  stop(): Promise<void>
}

/**
 * Builds what is pending at once, and then every `sweepMs`, for as long as the process runs: whatever becomes of the message
 * that should have asked for a build, the ids are built.
 *
 * It is what a builder process needs besides a queue, and all it needs where `sweepMs` is quick enough.
 *
 * @example
 * ```ts
 * const builds = buildRegularly(aggregator, { sweepMs: 10_000, onError: console.error })
 * queue.onMessage(() => aggregator.buildObjects()) // builds meanwhile are welcome: they do not overlap
 * process.once('SIGTERM', () => void builds.stop())
 * ```
 *
 * A build that fails is tried again after a pause that grows from 0.1 s up to 10 s, or up to `sweepMs` where that is shorter.
 * An id that has failed by itself is tried when the aggregator's `retryInMs` says so, and not later than by the next sweep.
 *
 * @throws CaptureError `OPTION_INVALID`, also for an aggregator without `onChange`.
 */
export function buildRegularly(
  aggregator: Pick<EventAggregator, 'emits' | 'buildObjects' | 'retryInMs'>,
  options: BuildRegularlyOptions = {},
): RegularBuilds {
  if (!aggregator.emits) {
    throw new CaptureError(
      'OPTION_INVALID',
      'The aggregator that is to build has no onChange to hand objects to. Give it one.',
    )
  }
  const stopping = new AbortController()
  const onError = (error: unknown): void =>
    tellFailure(options.onError, 'a build failed and is tried again', error)
  const sweepMs = positiveInteger(options.sweepMs ?? 10_000, 'sweepMs')
  const loop = new BuildLoop(aggregator, { onError, sweepMs }, stopping.signal)
  loop.start()
  return {
    stop() {
      stopping.abort()
      return loop.done()
    },
  }
}

import type { EventAggregator } from '../aggregator/event-aggregator.ts'
import { CaptureError, type CaptureErrorCode } from '../errors/capture-error.ts'
import { retryDelay, sleep } from './retry.ts'
import type { EventChunk } from './source.ts'

export interface CollectOptions {
  readonly onError: (error: unknown) => void
  /** Is called when ids may have become pending, those of an attempt that failed among them. */
  readonly onPending: () => void
  readonly signal: AbortSignal
}

const LONGEST_RETRY_MS = 10_000

/** Trying again can't mend these: an event, or the set-up, is not what it must be. */
const FATAL: ReadonlySet<CaptureErrorCode> = new Set<CaptureErrorCode>([
  'EVENT_MALFORMED',
  'EVENT_VALUE_UNKNOWN',
  'TRUNCATE_UNHANDLED',
  'CLIENT_RESULT_INVALID',
  'VISIBILITY_UNKNOWABLE',
  'TABLE_NOT_CAPTURABLE',
])

/** Takes events as far as the set, again and again until it works. Resolves to false where a stop kept it from that. */
export async function collectEvents(
  aggregator: Pick<EventAggregator, 'collect'>,
  events: EventChunk['events'],
  { onError, onPending, signal }: CollectOptions,
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const added = await unlessAborted(aggregator.collect(events), signal)
      if (added === 'aborted') return false
      if (added) onPending()
      return true
    } catch (error) {
      if (error instanceof CaptureError && FATAL.has(error.code)) throw error
      onError(error)
      onPending()
      await sleep(retryDelay(attempt, LONGEST_RETRY_MS), signal)
      if (signal.aborted) return false
    }
  }
}

/** What is left running may still add ids; the chunk that they are of is not acknowledged, so they come again. */
async function unlessAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
): Promise<Result | 'aborted'> {
  work.catch(() => undefined)
  if (signal.aborted) return 'aborted'
  let abort = (): void => undefined
  const aborted = new Promise<'aborted'>((resolve) => {
    abort = () => resolve('aborted')
  })
  signal.addEventListener('abort', abort)
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

import type { PastFailures } from '../pending/ids-set.ts'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000

export interface RetryPolicy {
  /** After how many failed attempts an object is parked. */
  readonly parkAfter: number
  /** How long ago this builder last emitted something, in milliseconds; `Infinity` where it never did. */
  readonly sinceEmissionMs: number
}

/**
 * Says when an object that has just failed, alone, may be tried again: `null` where it is parked.
 *
 * The first failure may have been the moment's, so the next build tries again; then pauses double from a second to five
 * minutes. It is parked only if, since it first failed, something else went through: otherwise its failure can't be told
 * from an outage of the database or of the sink, which is no fault of the object.
 */
export function retryAfter(past: PastFailures | undefined, policy: RetryPolicy): number | null {
  const attempts = (past?.attempts ?? 0) + 1
  if (attempts >= policy.parkAfter && policy.sinceEmissionMs < (past?.failingForMs ?? 0)) return null
  return attempts === 1 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 2), LONGEST_PAUSE_MS)
}

import { CaptureError } from '../errors/capture-error.ts'
import type { Failure } from './ids-set.ts'

const maxErrorLength = 1_000

/**
 * What a set keeps of a failure: the beginning of the error, without a half character at its end, and a whole number of
 * milliseconds. A wait that is none gives `OPTION_INVALID`.
 */
export function checkedFailure({ error, retryInMs }: Failure): Failure {
  const beginning = error.slice(0, maxErrorLength).replace(/[\uD800-\uDBFF]$/, '')
  if (retryInMs === null) return { error: beginning, retryInMs }
  const wait = Math.ceil(retryInMs)
  if (Number.isSafeInteger(wait) && wait >= 0) return { error: beginning, retryInMs: wait }
  throw new CaptureError(
    'OPTION_INVALID',
    `"retryInMs" must be zero, a number above it, or null, not ${String(retryInMs)}.`,
  )
}

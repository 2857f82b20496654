import { CaptureError } from '../core/errors/capture-error.ts'

/**
 * The keys of a set, in the order in which every script gets them. All lie in the slot of `key`, for Redis Cluster.
 *
 * A key without a hash tag of its own becomes the hash tag of the others, which have the same slot by that:
 * `books` gives `{books}:flights`, and `{shop}:books` gives `{shop}:books:flights`.
 */
export function redisKeys(key: string): readonly [string, ...string[]] {
  if (typeof key !== 'string' || key === '') {
    throw new CaptureError('OPTION_INVALID', '"key" of a RedisSet must be a text that is not empty.')
  }
  const prefix = hasHashTag(key) ? key : `{${key}}`
  if (prefix !== key && key.includes('}')) {
    throw new CaptureError(
      'OPTION_INVALID',
      `"key" of a RedisSet must not hold "}" without a hash tag: "${key}".`,
    )
  }
  const parts = ['flights', 'tokens', 'again', 'sequence', 'failing', 'failures', 'since']
  return [key, ...parts.map((part) => `${prefix}:${part}`)]
}

/** As Redis Cluster has it: what stands between the first `{` and the first `}` after it, unless that is nothing. */
function hasHashTag(key: string): boolean {
  const open = key.indexOf('{')
  return open >= 0 && key.indexOf('}', open) > open + 1
}

import { CaptureError } from '../core/errors/capture-error.ts'

/** What to do about errors that Redis names. */
const advice: Readonly<Record<string, string>> = {
  WRONGTYPE: 'The key, or one beside it, holds something else: choose another key.',
  OOM: 'Redis is full: give it more memory, or let the builders catch up.',
  CROSSSLOT: 'With a keyPrefix in a cluster, the key needs a hash tag: "{books}".',
  NOPERM: 'The Redis user needs the commands that docs/sets.md lists.',
  READONLY: 'This is a replica: connect to the primary.',
}

/** Tells what a RedisSet was about when Redis, or the way to it, failed. The driver's error is the cause. */
export function redisFailure(step: string, key: string, cause: unknown): CaptureError {
  const message = cause instanceof Error ? cause.message : ''
  // Before Redis 7, the name of an error in a script stands somewhere in the text.
  const name = Object.keys(advice).find((known) => new RegExp(`\\b${known}\\b`).test(message))
  const reason = name ? `${name}. ${advice[name]}` : 'The cause has the details.'
  return new CaptureError(
    'SET_COMMAND_FAILED',
    `Redis failed at "${step}" (EVALSHA) on the key "${key}": ${reason}`,
    {
      cause,
    },
  )
}

import { CaptureError } from '../core/errors/capture-error.ts'

/** What to do about errors of Redis. Before Redis 7 the name of an error in a script stands somewhere in the text. */
const advice: readonly [name: string, sign: RegExp, todo: string][] = [
  ['WRONGTYPE', /\bWRONGTYPE\b/, 'The key, or one beside it, holds something else: choose another key.'],
  ['OOM', /\bOOM\b/, 'Redis is full: give it more memory, or let the builders catch up.'],
  [
    'CROSSSLOT',
    /\bCROSSSLOT\b|same slot/,
    'With a keyPrefix in a cluster, the key needs a hash tag, as in "{books}".',
  ],
  [
    'NOPERM',
    /\bNOPERM\b|can't run this command/,
    'The Redis user may not call all that docs/sets.md lists under "Redis".',
  ],
  ['READONLY', /\bREADONLY\b|read.?only replica/i, 'This is a replica: connect to the primary.'],
]

/** Tells what a RedisSet was about when Redis, or the way to it, failed. The driver's error is the cause. */
export function redisFailure(step: string, key: string, cause: unknown): CaptureError {
  const text = cause instanceof Error ? cause.message : ''
  const known = advice.find(([, sign]) => sign.test(text))
  const reason = known ? `${known[0]}. ${known[2]}` : 'The cause has the details.'
  const message = `Redis failed at "${step}" (EVALSHA) on the key "${key}": ${reason}`
  return new CaptureError('SET_COMMAND_FAILED', message, { cause })
}

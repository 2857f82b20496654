import { CaptureError } from '../core/errors/capture-error.ts'

/** Reads the reply of a script that counts. */
export function count(reply: unknown): number {
  const number = typeof reply === 'string' ? Number(reply) : reply
  // Clients can be told to give integers as bigint or as text.
  if (typeof number === 'bigint') return Number(number)
  return typeof number === 'number' && Number.isInteger(number) ? number : refuse()
}

/** Reads the reply of the claim script: token, whether there may be more, ids. */
export function claimPart(reply: unknown): { token: string; more: boolean; ids: string[] } {
  const [token, more, ids] = list(reply)
  return { token: text(token), more: count(more) > 0, ids: list(ids).map(text) }
}

/** Reads a page of SSCAN: the next cursor, '0' after the last page, and ids. */
export function scanPage(reply: unknown): { cursor: string; ids: string[] } {
  const [cursor, ids] = list(reply)
  return { cursor: text(cursor), ids: list(ids).map(text) }
}

function list(reply: unknown): unknown[] {
  return Array.isArray(reply) ? reply : refuse()
}

function text(reply: unknown): string {
  return typeof reply === 'string' ? reply : refuse()
}

function refuse(): never {
  throw new CaptureError(
    'SET_REPLY_INVALID',
    'Redis replied to a RedisSet with something else than it asked for. Pass a client that gives texts as strings, not as buffers, and that is not in a transaction.',
  )
}

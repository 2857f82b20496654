import { CaptureError } from '../core/errors/capture-error.ts'
import type { Backlog, FailedId, PastFailures } from '../core/pending/ids-set.ts'

/** Reads the reply of a script that counts. */
export function count(reply: unknown): number {
  const number = typeof reply === 'string' ? Number(reply) : reply
  // Clients can be told to give integers as bigint or as text.
  if (typeof number === 'bigint') return Number(number)
  return typeof number === 'number' && Number.isInteger(number) ? number : refuse()
}

export interface ClaimPart {
  readonly token: string
  readonly more: boolean
  readonly ids: readonly string[]
  readonly nextRetryMs: number | undefined
  readonly failures: readonly (readonly [id: string, past: PastFailures])[]
}

/** Reads the reply of the claim script. */
export function claimPart(reply: unknown): ClaimPart {
  const [token, more, ids, next, failures] = list(reply)
  return {
    token: text(token),
    more: count(more) > 0,
    ids: list(ids).map(text),
    nextRetryMs: time(next),
    failures: rowsOf(failures, 3).map(([id, attempts, first]) => [
      text(id),
      { attempts: count(attempts), failingForMs: time(first) ?? refuse() },
    ]),
  }
}

/** Reads a page of the failed ids: the next cursor, '0' after the last page, and ids. */
export function failedPage(reply: unknown): { cursor: string; ids: FailedId[] } {
  const [cursor, rows] = list(reply)
  return {
    cursor: text(cursor),
    ids: rowsOf(rows, 5).map(([id, attempts, error, first, wait]) => ({
      id: text(id),
      attempts: count(attempts),
      error: text(error),
      failingForMs: time(first) ?? refuse(),
      retryInMs: time(wait) ?? null,
    })),
  }
}

export function backlogOf(reply: unknown): Backlog {
  const [pending, inFlight, retrying, parked, oldest] = list(reply)
  return {
    pending: count(pending),
    inFlight: count(inFlight),
    retrying: count(retrying),
    parked: count(parked),
    oldestPendingMs: time(oldest),
  }
}

/** Reads a page of SSCAN: the next cursor, '0' after the last page, and ids. */
export function scanPage(reply: unknown): { cursor: string; ids: string[] } {
  const [cursor, ids] = list(reply)
  return { cursor: text(cursor), ids: list(ids).map(text) }
}

/** Milliseconds, which come as text to keep their fraction; nothing where the text is empty. */
function time(reply: unknown): number | undefined {
  const milliseconds = text(reply)
  return milliseconds === '' ? undefined : Number(milliseconds) + 0
}

function rowsOf(reply: unknown, width: number): unknown[][] {
  const all = list(reply)
  return Array.from({ length: all.length / width }, (_, row) => all.slice(row * width, (row + 1) * width))
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

import { CaptureError } from '../errors/capture-error.ts'
import type { WALEvent } from '../events/wal-event.ts'
import type { QueryClient } from '../sql/client.ts'

const STATE =
  'SELECT pg_current_snapshot()::text AS "snapshot", pg_is_in_recovery() AS "standby",' +
  ' CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()::text END AS "replayed"'

const FIRST_PAUSE_MS = 1
const LONGEST_PAUSE_MS = 50

/**
 * Holds events back until their transaction is visible to the connection that reads. A walsender sends a transaction once its
 * commit is flushed; other sessions see it only when it has left the list of running transactions: a moment later, and
 * with a synchronous standby that does not answer, much later. A look-up in between would miss the change for good.
 *
 * On a primary a transaction is visible when the current snapshot counts it as complete; on a standby, where the list of
 * running transactions is empty, when its commit record has been replayed. Events that carry neither `xid` nor `lsn` pass.
 */
export class VisibilityFence {
  readonly #client: QueryClient
  /** Every transaction before this one is complete for good. */
  #completeBelow = 0n

  private constructor(client: QueryClient) {
    this.#client = client
  }

  static readonly #fences = new WeakMap<QueryClient, VisibilityFence>()

  /** One fence for each client: aggregators that read through one client share what it learnt. */
  static of(client: QueryClient): VisibilityFence {
    const known = VisibilityFence.#fences.get(client)
    if (known !== undefined) return known
    const fence = new VisibilityFence(client)
    VisibilityFence.#fences.set(client, fence)
    return fence
  }

  /**
   * Resolves when the transactions of all events are visible.
   *
   * @throws CaptureError `VISIBILITY_TIMEOUT` after `timeoutMs`.
   */
  async pass(events: readonly WALEvent[], timeoutMs: number): Promise<void> {
    let waiting = transactionsOf(events)
    if (this.#completeBelow > 0n) waiting = waiting.filter(({ xid }) => !this.#isKnownComplete(xid))
    const deadline = performance.now() + timeoutMs
    for (let pause = FIRST_PAUSE_MS; waiting.length > 0; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const state = readState((await this.#client.query(STATE, [])).rows[0])
      if (!state.standby && state.xmin > this.#completeBelow) this.#completeBelow = state.xmin
      waiting = waiting.filter((transaction) => !isVisible(transaction, state))
      if (waiting.length === 0) return
      if (performance.now() >= deadline) throw timedOut(waiting.length, timeoutMs)
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }

  #isKnownComplete(xid: bigint | undefined): boolean {
    return xid !== undefined && widen(xid, this.#completeBelow) < this.#completeBelow
  }
}

interface Transaction {
  readonly xid: bigint | undefined
  readonly lsn: bigint | undefined
}

interface ServerState {
  readonly xmin: bigint
  readonly xmax: bigint
  readonly running: ReadonlySet<bigint>
  readonly standby: boolean
  readonly replayed: bigint
}

function transactionsOf(events: readonly WALEvent[]): Transaction[] {
  const transactions = new Map<string, Transaction>()
  for (const { xid, lsn } of events) {
    if (xid === undefined && lsn === undefined) continue
    const key = `${xid ?? ''} ${lsn ?? ''}`
    if (transactions.has(key)) continue
    transactions.set(key, {
      xid: xid === undefined ? undefined : readXid(xid),
      lsn: lsn === undefined ? undefined : readLsn(lsn),
    })
  }
  return [...transactions.values()]
}

function isVisible({ xid, lsn }: Transaction, state: ServerState): boolean {
  // The commit record starts at `lsn`, so it has been replayed when the replay is past that.
  if (state.standby) return lsn === undefined || state.replayed > lsn
  if (xid === undefined) return true
  const full = widen(xid, state.xmax)
  return full < state.xmin || (full < state.xmax && !state.running.has(full))
}

const EPOCH = 1n << 32n

/** A 32-bit id as the 64-bit one that is nearest to `near`: running transactions are never half an epoch apart. */
function widen(xid: bigint, near: bigint): bigint {
  if (xid >= EPOCH) return xid
  const full = near - (near % EPOCH) + xid
  if (full > near + EPOCH / 2n) return full - EPOCH
  if (full + EPOCH / 2n < near) return full + EPOCH
  return full
}

function readXid(xid: number | string): bigint {
  if (/^\d+$/.test(String(xid))) return BigInt(xid)
  throw new CaptureError(
    'EVENT_MALFORMED',
    'This is no row event: "xid" has to be the number of a transaction.',
  )
}

function readLsn(lsn: string): bigint {
  const [, high, low] = /^([\da-f]{1,8})\/([\da-f]{1,8})$/i.exec(lsn) ?? []
  if (high !== undefined && low !== undefined) return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
  throw new CaptureError('EVENT_MALFORMED', 'This is no row event: "lsn" has to look like 16/B374D848.')
}

function readState(row: unknown): ServerState {
  if (typeof row === 'object' && row !== null && 'snapshot' in row && typeof row.snapshot === 'string') {
    const [xmin = '', xmax = '', running = ''] = row.snapshot.split(':')
    return {
      xmin: BigInt(xmin),
      xmax: BigInt(xmax),
      running: new Set(running.split(',').filter(Boolean).map(BigInt)),
      standby: 'standby' in row && row.standby === true,
      replayed: 'replayed' in row && typeof row.replayed === 'string' ? readLsn(row.replayed) : 0n,
    }
  }
  throw new CaptureError('CLIENT_RESULT_INVALID', 'The client gave no row for pg_current_snapshot().')
}

function timedOut(count: number, timeoutMs: number): CaptureError {
  return new CaptureError(
    'VISIBILITY_TIMEOUT',
    `${count} committed transaction(s) did not become visible within ${timeoutMs} ms. Either a synchronous standby does not ` +
      'answer, or the client reads from another server than the events come from. The events were not taken: deliver them again.',
  )
}

import { CaptureError } from '../errors/capture-error.ts'
import type { WALEvent } from '../events/wal-event.ts'
import type { QueryClient } from '../sql/client.ts'
import { type ServerSnapshot, SnapshotReader } from './snapshot-reader.ts'
import { type TransactionPosition, transactionPositionsOf, widenXid } from './transaction-position.ts'

/**
 * What to do with events whose transaction can't be told from `xid` or `lsn`.
 *
 * - `'barrier'`: they wait until every transaction that was writing when they were handed over has ended, since it may be theirs.
 * - `{ delayMs }`: they are held back for so long, and then taken for visible without a look. 0 for a source that reads its
 *   events from the same server by SQL, such as an outbox, and so sees none before it can be seen.
 */
export type UnpositionedEvents = 'barrier' | { readonly delayMs: number }

/** What a fence has done since it was made. */
export interface FenceCounts {
  /** Times that events were handed over and could not be taken at once. */
  readonly waits: number
  /** Milliseconds of all these waits. */
  readonly waitedMs: number
  /** Waits that ended with `VISIBILITY_TIMEOUT`. */
  readonly timeouts: number
}

export interface FenceOptions {
  readonly client: QueryClient
  readonly timeoutMs: number
  readonly unpositionedEvents: UnpositionedEvents
}

const FIRST_PAUSE_MS = 1
const LONGEST_PAUSE_MS = 50
/** A timer that is set for longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Holds events back until their transaction is visible to the connection that reads. A walsender sends a transaction once its
 * commit is flushed; other sessions see it only when it has left the list of running transactions: a moment later, and
 * with a synchronous standby that does not answer, much later. A look-up in between would miss the change for good.
 *
 * | reads from | proof | without it |
 * |---|---|---|
 * | a primary | `xid` is complete in a snapshot; a position proves nothing | barrier or delay |
 * | a standby | replay is past `lsn`; the list of running transactions is empty there | error or delay |
 */
export class VisibilityFence {
  readonly #snapshots: SnapshotReader
  readonly #timeoutMs: number
  /** `null` where unpositioned events take the barrier. */
  readonly #delayMs: number | null
  readonly #counts = { waits: 0, waitedMs: 0, timeouts: 0 }

  /** @throws CaptureError `OPTION_INVALID`. */
  constructor({ client, timeoutMs, unpositionedEvents }: FenceOptions) {
    this.#snapshots = SnapshotReader.of(client)
    this.#timeoutMs = timeoutMs
    this.#delayMs = delayOf(unpositionedEvents)
  }

  get counts(): FenceCounts {
    return this.#counts
  }

  /**
   * Resolves when the transactions of all events are visible.
   *
   * @throws CaptureError `VISIBILITY_TIMEOUT`, `VISIBILITY_UNKNOWABLE`, `EVENT_MALFORMED`; the client's own error.
   */
  async pass(events: readonly WALEvent[]): Promise<void> {
    const positions = transactionPositionsOf(events).filter(({ xid }) => !this.#snapshots.knowsComplete(xid))
    if (positions.length === 0) return
    const since = performance.now()
    let hasWaited = false
    try {
      await this.#pass(positions, since, (ms) => {
        if (!hasWaited) this.#counts.waits += 1
        hasWaited = true
        return new Promise((resolve) => setTimeout(resolve, ms))
      })
    } finally {
      if (hasWaited) this.#counts.waitedMs += performance.now() - since
    }
  }

  async #pass(
    positions: readonly TransactionPosition[],
    since: number,
    pause: (ms: number) => Promise<void>,
  ): Promise<void> {
    const delayMs = this.#delayMs
    let waiting = delayMs === null ? positions : positions.filter(tellsSomething)
    let isHeld = waiting.length < positions.length
    let barrier: bigint | undefined
    for (
      let pauseMs = FIRST_PAUSE_MS;
      waiting.length > 0;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
    ) {
      const snapshot = await this.#snapshots.read()
      const provable = waiting.filter((position) => isProvable(position, snapshot))
      if (provable.length < waiting.length && delayMs !== null) {
        waiting = provable
        isHeld = true
      } else if (provable.length < waiting.length && snapshot.isStandby) {
        throw unknowable()
      }
      const limit = (barrier ??= snapshot.next)
      waiting = waiting.filter((position) => !isVisible(position, snapshot, limit))
      if (waiting.length === 0) break
      if (performance.now() - since >= this.#timeoutMs) {
        this.#counts.timeouts += 1
        throw timedOut(waiting, snapshot, limit, this.#timeoutMs)
      }
      await pause(pauseMs)
    }
    const left = isHeld ? since + (delayMs ?? 0) - performance.now() : 0
    if (left > 0) await pause(left)
  }
}

function delayOf(unpositioned: UnpositionedEvents): number | null {
  if (unpositioned === 'barrier') return null
  const { delayMs } = Object(unpositioned) as { delayMs?: unknown }
  if (
    typeof delayMs === 'number' &&
    Number.isSafeInteger(delayMs) &&
    delayMs >= 0 &&
    delayMs <= LONGEST_TIMER_MS
  )
    return delayMs
  throw new CaptureError(
    'OPTION_INVALID',
    `"unpositionedEvents" has to be 'barrier' or { delayMs }, a whole number of milliseconds from 0 to ${LONGEST_TIMER_MS}.`,
  )
}

function tellsSomething({ xid, lsn }: TransactionPosition): boolean {
  return xid !== undefined || lsn !== undefined
}

function isProvable({ xid, lsn }: TransactionPosition, { isStandby }: ServerSnapshot): boolean {
  return (isStandby ? lsn : xid) !== undefined
}

/** Without an `xid`, when every transaction below `barrier` is complete. */
function isVisible({ xid, lsn }: TransactionPosition, snapshot: ServerSnapshot, barrier: bigint): boolean {
  // The commit record starts at `lsn`, so it has been replayed when the replay is past that.
  if (snapshot.isStandby) return lsn !== undefined && snapshot.replayed > lsn
  if (xid === undefined) return snapshot.xmin >= barrier
  const full = widenXid(xid, snapshot.xmax)
  return full < snapshot.xmin || (full < snapshot.xmax && !snapshot.running.has(full))
}

function unknowable(): CaptureError {
  return new CaptureError(
    'VISIBILITY_UNKNOWABLE',
    'The client reads from a standby, and an event does not tell the "lsn" of its commit: nothing else shows there whether ' +
      'its rows can be seen. Point the client at the primary, pass the lsn on, or set unpositionedEvents: { delayMs } to ' +
      'hold such events back for as long as the standby may lag. The events were not taken.',
  )
}

function timedOut(
  waiting: readonly TransactionPosition[],
  snapshot: ServerSnapshot,
  barrier: bigint,
  timeoutMs: number,
): CaptureError {
  const unproved = waiting.filter((position) => !isProvable(position, snapshot)).length
  const reasons: string[] = []
  if (unproved < waiting.length) {
    reasons.push(
      `${waiting.length - unproved} committed transaction(s) did not become visible within ${timeoutMs} ms. Either a ` +
        'synchronous standby does not answer, or the client reads from another server than the events come from.',
    )
  }
  if (unproved > 0) {
    reasons.push(
      `Events do not tell their transaction, and up to ${unfinished(snapshot, barrier)} transaction(s) that were writing when ` +
        `they came have not ended within ${timeoutMs} ms: each may be theirs. Look for long ones (SELECT pid, xact_start, query ` +
        'FROM pg_stat_activity WHERE backend_xid IS NOT NULL;), for prepared ones (SELECT * FROM pg_prepared_xacts;) and for a ' +
        'synchronous standby that does not answer. Where writers take that long, pass the xid on, raise ' +
        'visibilityTimeoutMs, or set unpositionedEvents: { delayMs }.',
    )
  }
  return new CaptureError(
    'VISIBILITY_TIMEOUT',
    `${reasons.join(' ')} The events were not taken: deliver them again.`,
  )
}

/** How many below the barrier run. Beyond what the snapshot lists, an id may be a part of a transaction. */
function unfinished({ xmax, running }: ServerSnapshot, barrier: bigint): number {
  const listed = [...running].filter((xid) => xid < barrier).length
  return listed + (barrier > xmax ? Number(barrier - xmax) : 0)
}

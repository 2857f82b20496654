import { CaptureError } from '../errors/capture-error.ts'
import { inTurn } from '../pending/in-turn.ts'
import type { QueryClient } from '../sql/client.ts'
import { readLsn, widenXid } from './transaction-position.ts'

/** What a server tells of its transactions at one moment. */
export interface ServerSnapshot {
  /** Every transaction below it is complete. */
  readonly xmin: bigint
  /** Every transaction from it on was not complete. */
  readonly xmax: bigint
  /** Those between the two that were running. */
  readonly running: ReadonlySet<bigint>
  /** The first id that no transaction had yet. Those from `xmax` to here were running, too, or part of one that was. */
  readonly next: bigint
  /** On a standby the ids above mean nothing: what counts there is `replayed`. */
  readonly isStandby: boolean
  /** The end of the last WAL record that a standby has replayed. */
  readonly replayed: bigint
}

// The upper end of a snapshot is the last id that has ended: whoever came after it and still runs is in no list. Hence the
// next id, of which age() tells the distance to any other, here to the first one that there is.
const SNAPSHOT =
  `SELECT pg_current_snapshot()::text AS "snapshot", age('3'::xid)::text AS "age",` +
  ' pg_is_in_recovery()::text AS "standby",' +
  ' CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()::text END AS "replayed"'

/** A server that took over in a crash may give ids anew. It takes longer than this until it is found and has. */
const KNOWN_FOR_MS = 5_000

/**
 * Asks the server of a client for snapshots, and remembers which transactions are complete.
 *
 * Contract: a snapshot is taken after `read` was called for it. Calls that wait for the same turn share one.
 */
export class SnapshotReader {
  readonly #client: QueryClient
  readonly #oneAtATime = inTurn()
  #next: Promise<ServerSnapshot> | null = null
  #completeBelow = 0n
  #readAt = Number.NEGATIVE_INFINITY

  private constructor(client: QueryClient) {
    this.#client = client
  }

  static readonly #readers = new WeakMap<QueryClient, SnapshotReader>()

  /** One reader for each client: aggregators that read through one client share what it learns. */
  static of(client: QueryClient): SnapshotReader {
    const known = SnapshotReader.#readers.get(client)
    if (known !== undefined) return known
    const reader = new SnapshotReader(client)
    SnapshotReader.#readers.set(client, reader)
    return reader
  }

  read(): Promise<ServerSnapshot> {
    this.#next ??= this.#oneAtATime(() => {
      this.#next = null
      return this.#read()
    })
    return this.#next
  }

  /** Whether a transaction was complete on a primary that has been asked a moment ago. */
  knowsComplete(xid: bigint | undefined): boolean {
    const isFresh = performance.now() - this.#readAt <= KNOWN_FOR_MS
    return isFresh && xid !== undefined && widenXid(xid, this.#completeBelow) < this.#completeBelow
  }

  async #read(): Promise<ServerSnapshot> {
    const { rows } = await this.#client.query(SNAPSHOT, [])
    const snapshot = parseSnapshot(rows[0])
    this.#completeBelow = snapshot.isStandby ? 0n : snapshot.xmin
    this.#readAt = performance.now()
    return snapshot
  }
}

function parseSnapshot(row: unknown): ServerSnapshot {
  const { snapshot, age, standby, replayed } = Object(row) as Record<string, unknown>
  const [, xmin, xmax, running] = /^(\d+):(\d+):([\d,]*)$/.exec(String(snapshot)) ?? []
  const isWhole = /^-?\d+$/.test(String(age)) && (standby === 'true' || standby === 'false')
  if (xmin === undefined || xmax === undefined || running === undefined || !isWhole) {
    throw new CaptureError('CLIENT_RESULT_INVALID', 'The client gave no row for pg_current_snapshot().')
  }
  return {
    xmin: BigInt(xmin),
    xmax: BigInt(xmax),
    running: new Set(running.split(',').filter(Boolean).map(BigInt)),
    next: widenXid(BigInt.asUintN(32, BigInt(String(age)) + 3n), BigInt(xmax)),
    isStandby: standby === 'true',
    // A standby that has not begun to replay tells no position.
    replayed: typeof replayed === 'string' ? readLsn(replayed) : 0n,
  }
}

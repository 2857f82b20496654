import type { WALEvent } from '../events/wal-event.ts'

/**
 * A run of row events, in commit order. It may hold several small transactions, or a part of a large one.
 */
export interface EventChunk {
  readonly events: readonly WALEvent[]
  /**
   * Confirms every transaction whose end lies in this chunk or before it. Absent where no transaction ends here. Calling
   * it twice, or late, or for a later chunk first, is harmless: a source confirms a position once all before it are confirmed.
   */
  readonly acknowledge?: () => void
}

/** A table that the schemas read, and the columns that must be known of its old rows. */
export interface TableRequirement {
  /** Postgres schema; absent means `public`. */
  readonly schema?: string | undefined
  readonly table: string
  /** Columns that link or identify: without their old value an UPDATE or DELETE can't find its objects. */
  readonly oldColumns: readonly string[]
  /** All columns that are read: a source may leave out what is in others. Absent: all of them are. */
  readonly columns?: readonly string[] | undefined
}

/** How a source stands with its server. What it does not know is absent. */
export interface SourceStatus {
  readonly connected: boolean
  /** Milliseconds since it had a connection, or began to look for one; absent while it has one. */
  readonly disconnectedForMs?: number | undefined
  /**
   * Bytes of write-ahead log that the server has, as far as the source has heard, and that were not confirmed to it: at least
   * so many does it keep.
   */
  readonly unconfirmedBytes?: number | undefined
}

/** What a consumer wants to hear of a stream besides its events. */
export interface StreamOptions {
  /** Is told of every failure that the source tries again after. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/**
 * Delivers row events.
 *
 * Contract:
 * - every committed change of the required tables is delivered at least once, in commit order; a rolled-back one never;
 * - nothing is confirmed to the server before its chunk (and all before) was acknowledged;
 * - the consumer's pull is the back-pressure: memory is bounded while it does not pull;
 * - after a lost connection the source reconnects by itself and delivers again what was not acknowledged;
 * - whatever it tries again after is told to `onError`, each time: nothing is retried in silence;
 * - the iteration ends after `stop`, or throws a `CaptureError` where going on is impossible.
 */
export interface Source {
  stream(tables: readonly TableRequirement[], options?: StreamOptions): AsyncIterable<EventChunk>
  stop(): Promise<void>
  /** What it knows without asking the server. */
  status?(): SourceStatus
}

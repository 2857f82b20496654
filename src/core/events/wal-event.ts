/**
 * One row of an event: column name to value, in whatever form the source has it (text as Postgres prints it, or the
 * JavaScript values of a driver).
 *
 * A column that is **absent, or `undefined`, is unknown**: the source did not send it (an unchanged TOAST value, a
 * column outside the replica identity). Unknown counts as possibly changed and is never read as NULL; `null` is NULL.
 */
export type EventRow = Readonly<Record<string, unknown>>

/** Where an event comes from. All optional but `table`; what a source knows, it should say. */
export interface EventOrigin {
  /** `'book'` or `'library.book'`. */
  readonly table: string
  /** Postgres schema of the table, where `table` does not name it. */
  readonly schema?: string | undefined
  /**
   * Id of the transaction, not of a savepoint in it, as 32-bit number or as `xid8`. It proves on a primary that the
   * connection which reads sees the transaction.
   */
  readonly xid?: number | string | undefined
  /**
   * Where the transaction's commit record starts, as Postgres prints it (`'16/B374D848'`). It proves on a standby that the
   * connection which reads sees the transaction.
   */
  readonly lsn?: string | undefined
  readonly commitTime?: Date | string | undefined
}

export interface InsertEvent extends EventOrigin {
  readonly action: 'INSERT'
  readonly data: EventRow
  readonly dataOld?: undefined
}

export interface UpdateEvent extends EventOrigin {
  readonly action: 'UPDATE'
  readonly data: EventRow
  /** The row before, as far as it is known: all of it under REPLICA IDENTITY FULL, else the key's columns. */
  readonly dataOld?: EventRow | undefined
}

export interface DeleteEvent extends EventOrigin {
  readonly action: 'DELETE'
  readonly data?: undefined
  readonly dataOld: EventRow
}

export interface TruncateEvent extends EventOrigin {
  readonly action: 'TRUNCATE'
  readonly data?: undefined
  readonly dataOld?: undefined
}

/**
 * A change of one row, from any source of Postgres WAL events.
 *
 * @example
 * ```ts
 * const event: WALEvent = {
 *   action: 'UPDATE',
 *   table: 'author',
 *   data: { id: 'foo', name: 'Alice' },
 *   dataOld: { id: 'foo', name: 'Bob' },
 * }
 * ```
 */
export type WALEvent = InsertEvent | UpdateEvent | DeleteEvent | TruncateEvent

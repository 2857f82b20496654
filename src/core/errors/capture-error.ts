/**
 * Every code that pg-capture puts on an error. Branch on the code, never on the message.
 * `docs/errors.md` has one heading for each.
 */
export type CaptureErrorCode =
  | 'SCHEMA_INVALID'
  | 'EVENT_MALFORMED'
  | 'EVENT_VALUE_UNKNOWN'
  | 'TRUNCATE_UNHANDLED'
  | 'ON_CHANGE_MISSING'
  | 'OPTION_INVALID'
  | 'VISIBILITY_TIMEOUT'
  | 'VISIBILITY_UNKNOWABLE'
  | 'CLIENT_RESULT_INVALID'
  | 'SET_REPLY_INVALID'
  | 'SET_COMMAND_FAILED'
  | 'SET_EVICTS'
  | 'LEASE_LOST'
  | 'OBJECTS_PARKED'
  | 'QUEUE_FAILED'
  | 'CAPTURE_STATE'
  | 'POSTGRES_VERSION_UNSUPPORTED'
  | 'WAL_LEVEL_NOT_LOGICAL'
  | 'REPLICATION_PERMISSION_MISSING'
  | 'PUBLICATION_MISSING'
  | 'PUBLICATION_INCOMPLETE'
  | 'REPLICA_IDENTITY_INSUFFICIENT'
  | 'TABLE_MISSING'
  | 'TABLE_NOT_CAPTURABLE'
  | 'COLUMN_MISSING'
  | 'SLOT_MISSING'
  | 'SLOT_IN_USE'
  | 'SLOT_LOST'
  | 'SLOT_WRONG_PLUGIN'
  | 'PGOUTPUT_UNEXPECTED_MESSAGE'
  | 'CONNECTION_FAILED'

/**
 * The error that pg-capture throws. The message names the thing that is wrong and what to do about it; it never holds a
 * row value. What lies beneath (a driver's error, say) is in `cause`.
 *
 * @example
 * ```ts
 * try {
 *   await aggregator.handleEvent(event)
 * } catch (error) {
 *   if (error instanceof CaptureError && error.code === 'EVENT_VALUE_UNKNOWN') console.error(error.message)
 *   // Column "bookId" of "review" is missing from the old row. Run: ALTER TABLE "review" REPLICA IDENTITY FULL;
 * }
 * ```
 */
export class CaptureError extends Error {
  readonly code: CaptureErrorCode

  constructor(code: CaptureErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'CaptureError'
    this.code = code
  }
}

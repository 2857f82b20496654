import { CaptureError } from '../../core/errors/capture-error.ts'
import { quoteIdentifier } from '../../core/sql/identifier.ts'
import { ServerError } from './connection.ts'
import { dropSlotSql, slotGone } from './setup/slot-problems.ts'

export type Failure = TransientFailure | LastingFailure

/** One that somebody must mend. */
export interface LastingFailure {
  readonly error: unknown
  readonly isTransient: false
}

/** One that may pass by itself. */
export interface TransientFailure {
  readonly error: CaptureError
  readonly isTransient: true
}

/** Where a failure happened. */
export interface FailureContext {
  readonly slot: string
  readonly publication: string
  /** Whether the source has reached the server before. */
  readonly wasConnected: boolean
  /** Whether the server had accepted START_REPLICATION. */
  readonly wasStreaming: boolean
}

/**
 * Classes of SQLSTATE that pass by themselves: connection, transaction rollback, resources, operator intervention,
 * system, internal. An internal error (XX) may come from a crash next door.
 */
const PASSING: ReadonlySet<string> = new Set(['08', '40', '53', '57', '58', 'XX'])

/** Tells failures that pass by themselves from those that somebody must mend. */
export function classifyFailure(error: unknown, context: FailureContext): Failure {
  if (!(error instanceof ServerError)) return { error, isTransient: false }
  const { sqlState } = error
  // An address that never answered is more likely wrong than down.
  if (sqlState === undefined) return { error: connectionFailed(error), isTransient: context.wasConnected }
  switch (sqlState) {
    case '55006':
      return { error: slotInUse(context.slot, error), isTransient: true }
    case '55000':
    case '58P01':
      return { error: slotUnreadable(context.slot, error), isTransient: false }
    case '42501':
      return { error: roleMayNotReplicate(error), isTransient: false }
    case '42704':
      return { error: undefinedObject(context, error), isTransient: false }
    default:
      return { error: connectionFailed(error), isTransient: PASSING.has(sqlState.slice(0, 2)) }
  }
}

export function roleMayNotReplicate(cause: ServerError, user = '…'): CaptureError {
  return new CaptureError(
    'REPLICATION_PERMISSION_MISSING',
    `The role may not replicate (${cause.message}). Run as a superuser: ALTER ROLE ${quoteIdentifier(user)} REPLICATION; ` +
      '(some managed services grant a role instead, such as rds_replication).',
    { cause },
  )
}

function connectionFailed(cause: ServerError): CaptureError {
  return new CaptureError('CONNECTION_FAILED', `The connection to Postgres failed: ${cause.message}`, {
    cause,
  })
}

function slotInUse(slot: string, cause: ServerError): CaptureError {
  return new CaptureError(
    'SLOT_IN_USE',
    `Replication slot "${slot}" is in use (${cause.message}). It serves one process at a time: stop the other one, or ` +
      'choose another slot.',
    { cause },
  )
}

function slotUnreadable(slot: string, cause: ServerError): CaptureError {
  return new CaptureError(
    'SLOT_LOST',
    `Replication slot "${slot}" can't be read: ${cause.message}. If it was invalidated, or WAL was removed, changes are ` +
      `missing for good. Run: ${dropSlotSql(slot)} Then start again and rebuild every object.`,
    { cause },
  )
}

/** Before the stream began only the slot can be what is missing; pgoutput looks the publication up at the first change. */
function undefinedObject(
  { slot, publication, wasStreaming }: FailureContext,
  cause: ServerError,
): CaptureError {
  if (!wasStreaming) return slotGone(slot, 'somebody dropped it', cause)
  return new CaptureError(
    'PUBLICATION_MISSING',
    `Replication slot "${slot}" holds changes from a time without publication "${publication}" (${cause.message}). They ` +
      `can't be read. Run: ${dropSlotSql(slot)} Then start again and rebuild every object.`,
    { cause },
  )
}

/** That the set-up could not be looked at again, while the stream goes on. */
export function checkFailed(cause: ServerError): CaptureError {
  return new CaptureError(
    'CONNECTION_FAILED',
    `The set-up could not be checked again, while the stream goes on: ${cause.message}. Until it can be, nobody notices when ` +
      'a table leaves the publication or no longer tells its old rows.',
    { cause },
  )
}

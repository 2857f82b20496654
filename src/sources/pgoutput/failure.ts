import { CaptureError } from '../../core/errors/capture-error.ts'
import { ServerError } from './connection.ts'
import { slotLost } from './setup/find-problems.ts'

export interface Failure {
  readonly error: unknown
  /** Whether trying again may help. */
  readonly isTransient: boolean
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

/** Tells failures that pass by themselves from those that somebody must mend, by SQLSTATE. */
export function classifyFailure(error: unknown, context: FailureContext): Failure {
  if (!(error instanceof ServerError)) return { error, isTransient: false }
  const { sqlState } = error
  const failed = (): CaptureError =>
    new CaptureError('CONNECTION_FAILED', `The connection to Postgres failed: ${error.message}`, {
      cause: error,
    })

  if (sqlState === undefined) return { error: failed(), isTransient: context.wasConnected }
  switch (sqlState) {
    case '55006':
      return { error: slotInUse(context.slot, error), isTransient: true }
    case '55000':
    case '58P01':
      return { error: slotLost(context.slot, error), isTransient: false }
    case '42501':
      return { error: permissionMissing(error), isTransient: false }
    case '42704':
      return {
        error: context.wasStreaming ? publicationGap(context, error) : slotGone(context.slot, error),
        isTransient: false,
      }
  }
  return { error: failed(), isTransient: PASSING.has(sqlState.slice(0, 2)) }
}

/**
 * Classes of SQLSTATE: connection, transaction rollback, resources, operator intervention, system, internal. An internal
 * error (XX) may come from a crash next door.
 */
const PASSING: ReadonlySet<string> = new Set(['08', '40', '53', '57', '58', 'XX'])

export function permissionMissing(cause: ServerError): CaptureError {
  return new CaptureError(
    'REPLICATION_PERMISSION_MISSING',
    `The role may not replicate (${cause.message}). Run as a superuser: ALTER ROLE "…" REPLICATION; ` +
      '(managed services grant a role instead, such as rds_replication).',
    { cause },
  )
}

function slotInUse(slot: string, cause: ServerError): CaptureError {
  return new CaptureError(
    'SLOT_IN_USE',
    `Replication slot "${slot}" is used by another connection (${cause.message}). A slot serves one process: stop the ` +
      'other one or choose another slot.',
    { cause },
  )
}

function slotGone(slot: string, cause: ServerError): CaptureError {
  return new CaptureError(
    'SLOT_MISSING',
    `Replication slot "${slot}" is gone: changes since then are lost to this source. ` +
      'Start again with a new slot and rebuild every object.',
    { cause },
  )
}

function publicationGap({ slot, publication }: FailureContext, cause: ServerError): CaptureError {
  return new CaptureError(
    'PUBLICATION_MISSING',
    `Replication slot "${slot}" holds changes from a time when publication "${publication}" did not exist ` +
      `(${cause.message}); they can't be read. Run: SELECT pg_drop_replication_slot('${slot}'); then start again and ` +
      'rebuild every object.',
    { cause },
  )
}

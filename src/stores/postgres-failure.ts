import { CaptureError } from '../core/errors/capture-error.ts'
import { sqlStateOf } from '../core/sql/sql-state.ts'

const advice: Readonly<Record<string, string>> = {
  '42501': 'The role needs SELECT, INSERT, UPDATE and DELETE on the table, and USAGE on its sequence.',
  '42703': 'The table holds something else: choose another one.',
  '42P10': 'The table holds something else: choose another one.',
  '25006': 'This connection can only read: connect to the primary.',
  '40001': 'The set needs connections whose default_transaction_isolation is "read committed".',
  '25P02': 'The client is in a transaction that has failed: give the set a client of its own.',
}

/** Where a PostgresSet stands: for messages. */
export interface Place {
  readonly table: string
  readonly migration: string
}

/** Tells what a PostgresSet was about when Postgres, or the way to it, failed. The driver's error is the cause. */
export function postgresFailure(step: string, { table, migration }: Place, cause: unknown): CaptureError {
  const code = sqlStateOf(cause)
  if (code === '42P01') {
    return new CaptureError(
      'SET_COMMAND_FAILED',
      `The table ${table} of a PostgresSet is missing. Call "migrate" of the set once, or run:\n\n${migration}`,
      { cause },
    )
  }
  const known = code === undefined ? undefined : advice[code]
  const reason = known === undefined ? 'The cause has the details.' : `${code}. ${known}`
  const message = `Postgres failed at "${step}" on the set's table ${table}: ${reason}`
  return new CaptureError('SET_COMMAND_FAILED', message, { cause })
}

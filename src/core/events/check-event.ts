import { CaptureError } from '../errors/capture-error.ts'
import type { WALEvent } from './wal-event.ts'

/**
 * Refuses what is no event, as a message from outside may be: an unknown action, a missing table, a row that its action
 * needs.
 *
 * @throws CaptureError `EVENT_MALFORMED`, naming the field.
 */
export function checkEvent(event: WALEvent): void {
  const given: unknown = event
  if (typeof given !== 'object' || given === null)
    refuse('an event is an object with table, action, data and dataOld')
  const { table, schema, action, data, dataOld } = given as Record<string, unknown>
  if (typeof table !== 'string' || table === '') refuse('"table" has to be the name of a table')
  if (schema !== undefined && typeof schema !== 'string')
    refuse('"schema" has to be the name of a Postgres schema')
  switch (action) {
    case 'INSERT':
      return requireRow('data', data, action)
    case 'UPDATE':
      if (dataOld !== undefined && dataOld !== null) requireRow('dataOld', dataOld, action)
      return requireRow('data', data, action)
    case 'DELETE':
      return requireRow('dataOld', dataOld, action)
    case 'TRUNCATE':
      return
    default:
      refuse('"action" has to be INSERT, UPDATE, DELETE or TRUNCATE')
  }
}

function requireRow(field: string, row: unknown, action: string): void {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    refuse(`"${field}" of an ${action} has to be an object from column names to values`)
  }
}

function refuse(reason: string): never {
  throw new CaptureError('EVENT_MALFORMED', `This is no row event: ${reason}.`)
}

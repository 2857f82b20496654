import {
  fieldOf,
  isObject,
  type JsonObject,
  malformed,
  objectField,
  optionalObjectField,
  parseMessage,
  type SourceMessage,
  textField,
} from '../core/events/source-message.ts'
import { knownRow, partlyKnown } from '../core/events/source-row.ts'
import type { EventOrigin, WALEvent } from '../core/events/wal-event.ts'

export type { SourceMessage } from '../core/events/source-message.ts'

const FORMAT = 'Supabase'

/**
 * The row event of a message of Supabase: the body of a database webhook, what `postgres_changes` of supabase-js calls back with,
 * or the record that the Realtime server sends.
 *
 * @example
 * ```ts
 * await aggregator.handleEvents(supabaseEvents(await request.text()))
 * ```
 *
 * A column that is not there is unknown; of a webhook all are there. The events tell neither `xid` nor `lsn`.
 *
 * @throws CaptureError `EVENT_MALFORMED`
 */
export function supabaseEvents(message: SourceMessage): WALEvent[] {
  const parsed = parseMessage(FORMAT, message)
  if (!isObject(parsed)) throw malformed(FORMAT, 'it has to be an object')
  const change = changeIn(parsed)
  const { actionField, newField, oldField } = fieldNamesIn(change)
  const action = textField(FORMAT, change, actionField)
  const origin = originOf(change)
  const row = (field: string): JsonObject => optionalObjectField(FORMAT, change, field) ?? {}
  const isKnown = knownOf(change)
  switch (action) {
    case 'INSERT':
      return [{ ...origin, action, data: knownRow(row(newField), isKnown) }]
    case 'UPDATE': {
      // Realtime always sends the key before. Where it is missing, something was withheld.
      const dataOld = partlyKnown(knownRow(row(oldField), isKnown), row(newField))
      return [{ ...origin, action, data: knownRow(row(newField), isKnown), dataOld }]
    }
    case 'DELETE':
      return [{ ...origin, action, dataOld: knownRow(row(oldField), isKnown) }]
    case 'TRUNCATE':
      return [{ ...origin, action }]
    default:
      throw malformed(FORMAT, 'the type of the change has to be INSERT, UPDATE, DELETE or TRUNCATE')
  }
}

/** The change itself, which the Realtime server wraps in a message of its channel. */
function changeIn(message: JsonObject): JsonObject {
  const inner = isObject(fieldOf(message, 'payload')) ? objectField(FORMAT, message, 'payload') : message
  return isObject(fieldOf(inner, 'data')) ? objectField(FORMAT, inner, 'data') : inner
}

interface FieldNames {
  readonly actionField: string
  readonly newField: string
  readonly oldField: string
}

function fieldNamesIn(change: JsonObject): FieldNames {
  if (fieldOf(change, 'eventType') !== undefined) {
    return { actionField: 'eventType', newField: 'new', oldField: 'old' }
  }
  // What realtime.broadcast_changes sends has an operation.
  const actionField = fieldOf(change, 'operation') === undefined ? 'type' : 'operation'
  return { actionField, newField: 'record', oldField: 'old_record' }
}

/** NaN and infinity of these types come as null; where the message tells the types, such a null is unknown. */
const HIDES_NAN: ReadonlySet<unknown> = new Set(['float4', 'float8', 'numeric'])

function knownOf(change: JsonObject): (value: unknown, column: string) => boolean {
  const columns = fieldOf(change, 'columns')
  if (!Array.isArray(columns)) return () => true
  const hiding = new Set<unknown>()
  for (const column of columns.filter(isObject)) {
    if (HIDES_NAN.has(fieldOf(column, 'type'))) hiding.add(fieldOf(column, 'name'))
  }
  return (value, column) => value !== null || !hiding.has(column)
}

function originOf(change: JsonObject): EventOrigin {
  const commitTime = fieldOf(change, 'commit_timestamp')
  return {
    schema: textField(FORMAT, change, 'schema'),
    table: textField(FORMAT, change, 'table'),
    ...(typeof commitTime === 'string' ? { commitTime } : {}),
  }
}

import {
  fieldOf,
  isObject,
  type JsonObject,
  listField,
  lsnText,
  malformed,
  objectField,
  optionalIntegerField,
  optionalObjectField,
  parseMessage,
  type SourceMessage,
  textField,
} from '../core/events/source-message.ts'
import {
  emptyRow,
  fillUnchanged,
  identityOf,
  knownRow,
  type MessageTable,
  type OldRowOptions,
  partlyKnown,
  type ReplicaIdentity,
  type Row,
  unchangedKey,
  withKnownNulls,
} from '../core/events/source-row.ts'
import type { EventOrigin, WALEvent } from '../core/events/wal-event.ts'

export type { SourceMessage } from '../core/events/source-message.ts'
export type { MessageTable, ReplicaIdentity, ReplicaIdentityOption } from '../core/events/source-row.ts'

/** Columns may be named in `replicaIdentity` only if their values never change: Sequin does not pass on the key before. */
export interface SequinOptions extends OldRowOptions {}

const FORMAT = 'Sequin'

/**
 * The row events of a message of Sequin, or of a batch of them (`{ data: […] }`).
 *
 * @example
 * ```ts
 * await aggregator.handleEvents(sequinEvents(request.body, { replicaIdentity: 'full' }))
 * ```
 *
 * The events tell `lsn`, that of the commit, and no `xid`. A row of a backfill (`read`) tells neither.
 *
 * @throws CaptureError `EVENT_MALFORMED`
 */
export function sequinEvents(message: SourceMessage, options?: SequinOptions): WALEvent[] {
  const parsed = parseMessage(FORMAT, message)
  if (!isObject(parsed)) throw malformed(FORMAT, 'it has to be an object with "record" or "data"')
  const isBatch = fieldOf(parsed, 'record') === undefined && Array.isArray(fieldOf(parsed, 'data'))
  if (!isBatch) return [eventOf(parsed, options)]
  return listField(FORMAT, parsed, 'data').map((item) => {
    if (!isObject(item)) throw malformed(FORMAT, '"data" has to be a list of objects')
    // What is pulled from a Sequin Stream lies one level deeper, beside its ack_id.
    const isPulled = fieldOf(item, 'record') === undefined && isObject(fieldOf(item, 'data'))
    return eventOf(isPulled ? objectField(FORMAT, item, 'data') : item, options)
  })
}

function eventOf(message: JsonObject, options: SequinOptions | undefined): WALEvent {
  const metadata = objectField(FORMAT, message, 'metadata')
  const origin = originOf(metadata)
  const record = objectField(FORMAT, message, 'record')
  const action = textField(FORMAT, message, 'action')
  switch (action) {
    case 'insert':
      return { ...origin, ...positionOf(metadata), action: 'INSERT', data: knownPart(record) }
    case 'read':
      return { ...origin, action: 'INSERT', data: knownPart(record) }
    case 'update':
      return {
        ...origin,
        ...positionOf(metadata),
        action: 'UPDATE',
        ...rowsOf(message, record, identityOf(options, origin)),
      }
    case 'delete': {
      const dataOld = withKnownNulls(knownPart(record), identityOf(options, origin))
      return { ...origin, ...positionOf(metadata), action: 'DELETE', dataOld }
    }
    default:
      throw malformed(FORMAT, '"action" has to be insert, update, delete or read')
  }
}

function rowsOf(
  message: JsonObject,
  record: JsonObject,
  identity: ReplicaIdentity,
): { data: Row; dataOld: Row } {
  const data = knownPart(record)
  const changes = optionalObjectField(FORMAT, message, 'changes')
  const before = knownPart(changes ?? {})
  if (identity === 'full' && changes !== null) {
    fillUnchanged(data, unchangedColumns(record), before)
    return { data, dataOld: overlaid(data, changes, before) }
  }
  // Without the whole old row Sequin sends no changes at all, not even that of the key.
  const key = unchangedKey(data, identity) ?? emptyRow()
  return {
    data,
    dataOld: partlyKnown(overlaid(key, changes ?? {}, withKnownNulls(before, identity)), record),
  }
}

/** The row with the values before in place of those that changed; without a value that changed and is not known. */
function overlaid(row: Row, changes: JsonObject, before: Row): Row {
  const result = knownRow(row, (_value, column) => !Object.hasOwn(changes, column))
  return Object.assign(result, before)
}

/** What Sequin writes for a value that Postgres did not send. */
const UNCHANGED = 'unchanged_toast'

function knownPart(values: JsonObject): Row {
  return knownRow(values, (value) => value !== UNCHANGED)
}

function unchangedColumns(record: JsonObject): string[] {
  return Object.keys(record).filter((column) => record[column] === UNCHANGED)
}

function originOf(metadata: JsonObject): EventOrigin & MessageTable {
  const commitTime = fieldOf(metadata, 'commit_timestamp')
  return {
    schema: textField(FORMAT, metadata, 'table_schema'),
    table: textField(FORMAT, metadata, 'table_name'),
    ...(typeof commitTime === 'string' ? { commitTime } : {}),
  }
}

function positionOf(metadata: JsonObject): { lsn?: string } {
  const position = optionalIntegerField(FORMAT, metadata, 'commit_lsn')
  return position === undefined || position <= 0n ? {} : { lsn: lsnText(position) }
}

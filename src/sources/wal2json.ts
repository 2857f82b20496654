import type { CaptureError } from '../core/errors/capture-error.ts'
import {
  fieldOf,
  isObject,
  type JsonObject,
  listField,
  lsnText,
  malformed,
  objectField,
  optionalIntegerField,
  parseMessage,
  type SourceMessage,
  textField,
} from '../core/events/source-message.ts'
import {
  emptyRow,
  fillUnchanged,
  identityOf,
  type MessageTable,
  type OldRowOptions,
  type ReplicaIdentity,
  type Row,
  setColumn,
} from '../core/events/source-row.ts'
import type { EventOrigin, WALEvent } from '../core/events/wal-event.ts'

export type { SourceMessage } from '../core/events/source-message.ts'
export type { MessageTable, ReplicaIdentity, ReplicaIdentityOption } from '../core/events/source-row.ts'

/** Format version 2 tells itself what it knows of an old row; `replicaIdentity` is for version 1. */
export interface Wal2jsonOptions extends OldRowOptions {}

const FORMAT = 'wal2json'

/**
 * The row events of a message of wal2json: of a transaction in format version 1, of a change in version 2.
 *
 * @example
 * ```ts
 * const { rows } = await client.query(
 *   `SELECT data FROM pg_logical_slot_peek_changes('bookshop', NULL, 1000, 'format-version', '2', 'include-xids', 'true')`,
 * )
 * await aggregator.handleEvents(rows.flatMap(({ data }) => wal2jsonEvents(data)))
 * ```
 *
 * Begin, commit and logical messages give none. With `include-xids` the events tell `xid`, and in version 1 with `include-lsn`
 * also `lsn`.
 *
 * @throws CaptureError `EVENT_MALFORMED`
 */
export function wal2jsonEvents(message: SourceMessage, options?: Wal2jsonOptions): WALEvent[] {
  if (typeof message === 'string' && /^\s*(?:,|\]\}|\{"change":\[\s*$)/.test(message)) {
    throw malformed(FORMAT, 'it is a part of a transaction; set write-in-chunks to false')
  }
  const parsed = parseMessage(FORMAT, message)
  if (!isObject(parsed)) throw malformed(FORMAT, 'it has to be an object with "action" or "change"')
  if (fieldOf(parsed, 'action') !== undefined) return changeEvents(parsed)
  if (fieldOf(parsed, 'change') !== undefined) return transactionEvents(parsed, options)
  throw malformed(FORMAT, 'it has neither "action" (format version 2) nor "change" (version 1)')
}

/** Version 2. */
function changeEvents(message: JsonObject): WALEvent[] {
  const action = fieldOf(message, 'action')
  switch (action) {
    case 'I':
      return [{ ...originOf(message, message), action: 'INSERT', data: columnsIn(message, 'columns') }]
    case 'U': {
      const data = columnsIn(message, 'columns')
      const dataOld = fieldOf(message, 'identity') === undefined ? undefined : columnsIn(message, 'identity')
      fillUnchanged(data, unchangedColumns(dataOld, namesIn(message)), dataOld)
      return [{ ...originOf(message, message), action: 'UPDATE', data, dataOld }]
    }
    case 'D':
      return [{ ...originOf(message, message), action: 'DELETE', dataOld: columnsIn(message, 'identity') }]
    case 'T':
      return [{ ...originOf(message, message), action: 'TRUNCATE' }]
    case 'B':
    case 'C':
    case 'M':
      return []
    default:
      throw malformed(FORMAT, '"action" has to be I, U, D, T, B, C or M')
  }
}

function columnsIn(message: JsonObject, field: string): Row {
  const row = emptyRow()
  for (const column of listField(FORMAT, message, field)) {
    if (!isObject(column)) throw malformed(FORMAT, `"${field}" has to be a list of objects`)
    setValue(row, textField(FORMAT, column, 'name'), fieldOf(column, 'type'), fieldOf(column, 'value'))
  }
  return row
}

function namesIn(message: JsonObject): unknown[] {
  return listField(FORMAT, message, 'columns').map((column) =>
    isObject(column) ? fieldOf(column, 'name') : undefined,
  )
}

/** A column of which no new value is written did not change, and lies out of line. */
function unchangedColumns(dataOld: Row | undefined, written: readonly unknown[]): string[] {
  return Object.keys(dataOld ?? {}).filter((column) => !written.includes(column))
}

/** Version 1. */
function transactionEvents(message: JsonObject, options: Wal2jsonOptions | undefined): WALEvent[] {
  const changes = listField(FORMAT, message, 'change')
  return changes.flatMap((change) => {
    if (!isObject(change)) throw malformed(FORMAT, '"change" has to be a list of objects')
    return eventsOf(message, change, options)
  })
}

function eventsOf(
  transaction: JsonObject,
  change: JsonObject,
  options: Wal2jsonOptions | undefined,
): WALEvent[] {
  const kind = fieldOf(change, 'kind')
  switch (kind) {
    case 'insert':
      return [{ ...originOf(transaction, change), action: 'INSERT', data: newRow(change) }]
    case 'update': {
      const origin = originOf(transaction, change)
      const data = newRow(change)
      const dataOld = fieldOf(change, 'oldkeys') === undefined ? undefined : oldRow(change)
      if (dataOld !== undefined) completeOldRow(dataOld, change, identityOf(options, origin))
      fillUnchanged(data, unchangedColumns(dataOld, listField(FORMAT, change, 'columnnames')), dataOld)
      return [{ ...origin, action: 'UPDATE', data, dataOld }]
    }
    case 'delete':
      return [{ ...originOf(transaction, change), action: 'DELETE', dataOld: oldRow(change) }]
    case 'message':
      return []
    default:
      throw malformed(FORMAT, '"kind" has to be insert, update, delete or message')
  }
}

function newRow(change: JsonObject): Row {
  return rowOfLists(change, 'columnnames', 'columntypes', 'columnvalues')
}

function oldRow(change: JsonObject): Row {
  return rowOfLists(objectField(FORMAT, change, 'oldkeys'), 'keynames', 'keytypes', 'keyvalues')
}

/** Version 1 leaves the NULLs of an old row out. If it was whole, what is missing of the row's columns was NULL. */
function completeOldRow(dataOld: Row, change: JsonObject, identity: ReplicaIdentity): void {
  if (identity !== 'full') return
  const told = new Set(listField(FORMAT, objectField(FORMAT, change, 'oldkeys'), 'keynames'))
  for (const column of listField(FORMAT, change, 'columnnames')) {
    if (typeof column === 'string' && !told.has(column)) dataOld[column] = null
  }
}

function rowOfLists(object: JsonObject, nameField: string, typeField: string, valueField: string): Row {
  const names = listField(FORMAT, object, nameField)
  const values = listField(FORMAT, object, valueField)
  const types = names.length === 0 ? [] : typesIn(object, typeField)
  if (values.length !== names.length || types.length !== names.length) {
    throw malformed(FORMAT, `"${nameField}", "${typeField}" and "${valueField}" have to be of one length`)
  }
  const row = emptyRow()
  names.forEach((name, index) => {
    if (typeof name !== 'string') throw malformed(FORMAT, `"${nameField}" has to be a list of texts`)
    setValue(row, name, types[index], values[index])
  })
  return row
}

function typesIn(object: JsonObject, field: string): readonly unknown[] {
  if (fieldOf(object, field) === undefined) throw typeMissing(field)
  return listField(FORMAT, object, field)
}

function setValue(row: Row, column: string, type: unknown, value: unknown): void {
  if (typeof type !== 'string') throw typeMissing('type')
  if (value === undefined) throw malformed(FORMAT, 'a column has no "value"')
  if (value === null && HIDES_NAN.test(type)) return
  setColumn(row, column, type === 'bytea' && typeof value === 'string' ? `\\x${value}` : value)
}

/** NaN and infinity of these types are written as null, since JSON has no number for them. */
const HIDES_NAN = /^(?:numeric|real|double precision)(?:\([\d,-]+\))?$/

function typeMissing(field: string): CaptureError {
  return malformed(FORMAT, `"${field}" is missing; leave include-types at true`)
}

function originOf(transaction: JsonObject, change: JsonObject): EventOrigin & MessageTable {
  if (fieldOf(change, 'schema') === undefined) {
    throw malformed(FORMAT, '"schema" is missing; leave include-schemas at true')
  }
  const xid = optionalIntegerField(FORMAT, transaction, 'xid')
  const position = commitPosition(transaction)
  const time = fieldOf(transaction, 'timestamp')
  return {
    schema: textField(FORMAT, change, 'schema'),
    table: textField(FORMAT, change, 'table'),
    ...(xid === undefined ? {} : { xid: Number(xid) }),
    ...(position === undefined ? {} : { lsn: position }),
    ...(typeof time === 'string' ? { commitTime: time } : {}),
  }
}

/**
 * Version 1 tells where the next record begins. Who has replayed a byte less has replayed the commit, and need not wait for
 * more to come. The `lsn` of a change in version 2 is the change's own, which says nothing of the commit.
 */
function commitPosition(transaction: JsonObject): string | undefined {
  if (fieldOf(transaction, 'change') === undefined || fieldOf(transaction, 'nextlsn') === undefined)
    return undefined
  const [, high, low] =
    /^([\da-f]{1,8})\/([\da-f]{1,8})$/i.exec(textField(FORMAT, transaction, 'nextlsn')) ?? []
  if (high === undefined || low === undefined)
    throw malformed(FORMAT, '"nextlsn" has to look like 16/B374D848')
  return lsnText(((BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)) - 1n)
}

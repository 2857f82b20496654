import {
  fieldOf,
  isObject,
  type JsonObject,
  malformed,
  optionalObjectField,
  parseMessage,
  type SourceMessage,
  textField,
} from '../core/events/source-message.ts'
import {
  identityOf,
  knownRow,
  type MessageTable,
  type OldRowOptions,
  type Row,
  unchangedKey,
  withKnownNulls,
  withoutUnchangedNulls,
} from '../core/events/source-row.ts'
import type { EventOrigin, WALEvent } from '../core/events/wal-event.ts'

export type { SourceMessage } from '../core/events/source-message.ts'
export type { MessageTable, ReplicaIdentity, ReplicaIdentityOption } from '../core/events/source-row.ts'

export interface WalListenerOptions extends OldRowOptions {
  /**
   * Whether a column's values may be stored out of line (TOAST), as those of text, jsonb, bytea, numeric and arrays may. In an
   * UPDATE the null of such a column is unknown, since wal-listener writes it for a value that did not change, too.
   * @defaultValue every column
   */
  readonly toasted?: ((column: string, table: MessageTable) => boolean) | undefined
}

const FORMAT = 'wal-listener'

/**
 * The row event of a message of wal-listener.
 *
 * @example
 * ```ts
 * const events = walListenerEvents(message.data, { replicaIdentity: 'full', toasted: (column) => !column.endsWith('Id') })
 * await aggregator.handleEvents(events)
 * ```
 *
 * The events tell neither `xid` nor `lsn`: wal-listener does not.
 *
 * @throws CaptureError `EVENT_MALFORMED`
 */
export function walListenerEvents(message: SourceMessage, options?: WalListenerOptions): WALEvent[] {
  const parsed = parseMessage(FORMAT, message)
  if (!isObject(parsed)) throw malformed(FORMAT, 'it has to be an object')
  const action = textField(FORMAT, parsed, 'action')
  const origin = originOf(parsed)
  const identity = identityOf(options, origin)
  switch (action) {
    case 'INSERT':
      return [{ ...origin, action, data: rowIn(parsed, 'data') }]
    case 'UPDATE': {
      const told = rowIn(parsed, 'dataOld')
      const dataOld = Object.keys(told).length === 0 ? undefined : withKnownNulls(told, identity)
      const data = withoutUnchangedNulls(
        rowIn(parsed, 'data'),
        identity === 'full' ? dataOld : undefined,
        (column) => (options?.toasted === undefined ? true : options.toasted(column, origin)),
      )
      return [{ ...origin, action, data, dataOld: dataOld ?? unchangedKey(data, identity) }]
    }
    case 'DELETE':
      return [{ ...origin, action, dataOld: withKnownNulls(rowIn(parsed, 'dataOld'), identity) }]
    case 'TRUNCATE':
      return [{ ...origin, action }]
    default:
      throw malformed(FORMAT, '"action" has to be INSERT, UPDATE, DELETE or TRUNCATE')
  }
}

function rowIn(message: JsonObject, field: string): Row {
  return knownRow(optionalObjectField(FORMAT, message, field) ?? {}, (value) => value !== UNREADABLE)
}

/** What wal-listener writes for a timestamp that it could not read, such as infinity. */
const UNREADABLE = '0001-01-01T00:00:00Z'

function originOf(message: JsonObject): EventOrigin & MessageTable {
  const commitTime = fieldOf(message, 'commitTime')
  return {
    schema: textField(FORMAT, message, 'schema'),
    table: textField(FORMAT, message, 'table'),
    ...(typeof commitTime === 'string' ? { commitTime } : {}),
  }
}

import {
  fieldOf,
  isObject,
  type JsonObject,
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
  knownRow,
  type MessageTable,
  type OldRowOptions,
  partlyKnown,
  type Row,
  unchangedKey,
  withKnownNulls,
  withoutUnchangedNulls,
} from '../core/events/source-row.ts'
import { timestampText } from '../core/events/time-text.ts'
import type { EventOrigin, WALEvent } from '../core/events/wal-event.ts'

export type { SourceMessage } from '../core/events/source-message.ts'
export type { MessageTable, ReplicaIdentity, ReplicaIdentityOption } from '../core/events/source-row.ts'

/**
 * Columns may be named in `replicaIdentity` if the input writes `before`, or if their values never change: without `before` the
 * key is taken for unchanged.
 */
export interface RedpandaConnectOptions extends OldRowOptions {
  /** The Postgres schema that the input reads: messages don't tell it. @defaultValue `'public'` */
  readonly schema?: string | undefined
  /**
   * The text that the input has as `unchanged_toast_value`. Without it the input writes null, so that each null of an UPDATE is
   * unknown.
   */
  readonly unchangedToastValue?: string | undefined
}

const FORMAT = 'Redpanda Connect'

/**
 * The row event of a message of Redpanda Connect's `postgres_cdc`, which the pipeline wraps together with its metadata:
 * `root = {"body": this, "metadata": @}`.
 *
 * @example
 * ```ts
 * const events = redpandaConnectEvents(message.value, { replicaIdentity: 'full', unchangedToastValue: '__unchanged__' })
 * await aggregator.handleEvents(events)
 * ```
 *
 * Transaction markers give none. The events tell neither `xid` nor `lsn`: the metadata's `lsn` need not be the commit's.
 *
 * @throws CaptureError `EVENT_MALFORMED`
 */
export function redpandaConnectEvents(message: SourceMessage, options?: RedpandaConnectOptions): WALEvent[] {
  const parsed = parseMessage(FORMAT, message)
  if (!isObject(parsed) || !isObject(fieldOf(parsed, 'metadata'))) {
    throw malformed(
      FORMAT,
      'it has to be an object with "body" and "metadata"; map it with root = {"body": this, "metadata": @}',
    )
  }
  const metadata = objectField(FORMAT, parsed, 'metadata')
  const operation = textField(FORMAT, metadata, 'operation')
  if (operation === 'begin' || operation === 'commit') return []
  const origin = originOf(metadata, options)
  const identity = identityOf(options, origin)
  const known = (values: JsonObject): Row =>
    knownRow(values, (value) => value !== options?.unchangedToastValue)
  const body = bodyOf(parsed)
  switch (operation) {
    case 'read':
    case 'insert':
      return [{ ...origin, action: 'INSERT', data: known(body) }]
    case 'update': {
      const before = beforeOf(metadata)
      const told = before === undefined ? undefined : withKnownNulls(known(before), identity)
      const wholeOldRow = identity === 'full' ? told : undefined
      const isMarked = options?.unchangedToastValue !== undefined
      const data = isMarked ? known(body) : withoutUnchangedNulls(known(body), wholeOldRow)
      if (isMarked) {
        const unchanged = Object.keys(body).filter((column) => body[column] === options.unchangedToastValue)
        fillUnchanged(data, unchanged, wholeOldRow)
      }
      const dataOld = partlyKnown(told ?? unchangedKey(data, identity) ?? emptyRow(), body)
      return [{ ...origin, action: 'UPDATE', data, dataOld }]
    }
    case 'delete':
      return [
        { ...origin, action: 'DELETE', dataOld: withKnownNulls(known(beforeOf(metadata) ?? body), identity) },
      ]
    default:
      throw malformed(
        FORMAT,
        '"operation" of "metadata" has to be read, insert, update, delete, begin or commit',
      )
  }
}

function bodyOf(message: JsonObject): JsonObject {
  const body = fieldOf(message, 'body')
  // A pipeline may pass the row on as text.
  const parsed = typeof body === 'string' ? parseMessage(FORMAT, body) : body
  if (isObject(parsed)) return parsed
  throw malformed(FORMAT, '"body" has to be the row, an object from column names to values')
}

function beforeOf(metadata: JsonObject): JsonObject | undefined {
  const before = fieldOf(metadata, 'before') ?? undefined
  if (before === undefined) return undefined
  const parsed = typeof before === 'string' ? parseMessage(FORMAT, before) : before
  if (isObject(parsed)) return parsed
  throw malformed(FORMAT, '"before" of "metadata" has to be a row, an object from column names to values')
}

function originOf(
  metadata: JsonObject,
  options: RedpandaConnectOptions | undefined,
): EventOrigin & MessageTable {
  const milliseconds = optionalIntegerField(FORMAT, metadata, 'commit_ts_ms')
  const moment = milliseconds === undefined ? undefined : timestampText(milliseconds * 1_000n)
  return {
    schema: options?.schema ?? 'public',
    table: textField(FORMAT, metadata, 'table'),
    ...(moment === undefined ? {} : { commitTime: `${moment}+00` }),
  }
}

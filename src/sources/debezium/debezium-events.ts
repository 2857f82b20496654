import {
  fieldOf,
  type JsonObject,
  malformed,
  objectField,
  optionalObjectField,
  type SourceMessage,
} from '../../core/events/source-message.ts'
import {
  emptyRow,
  fillUnchanged,
  identityOf,
  knownRow,
  type OldRowOptions,
  partlyKnown,
  type ReplicaIdentity,
  type Row,
  setColumn,
  unchangedKey,
} from '../../core/events/source-row.ts'
import { timestampText } from '../../core/events/time-text.ts'
import type { EventOrigin, WALEvent } from '../../core/events/wal-event.ts'
import { connectValue } from './connect-value.ts'
import { type DebeziumRecord, type Envelope, envelopeOf, FORMAT, keyColumnsOf, recordOf } from './envelope.ts'
import { unavailableValues } from './unavailable-value.ts'

export type { SourceMessage } from '../../core/events/source-message.ts'
export type { MessageTable, ReplicaIdentity, ReplicaIdentityOption } from '../../core/events/source-row.ts'
export type { DebeziumRecord } from './envelope.ts'

export interface DebeziumOptions extends OldRowOptions {
  /** As `unavailable.value.placeholder` of the connector. @defaultValue `'__debezium_unavailable_value'` */
  readonly unavailableValue?: string | undefined
}

/**
 * The row event of a message of Debezium: of its value, or of a record with `key` and `value`, as a Kafka client gives it.
 *
 * @example
 * ```ts
 * await consumer.run({
 *   eachMessage: async ({ message }) => aggregator.handleEvents(debeziumEvents(message, { replicaIdentity: 'full' })),
 * })
 * ```
 *
 * It takes the JSON converter with schemas and without, and CloudEvents. Tombstones, heartbeats, borders of transactions and
 * logical messages give none. The events tell `xid`, but for rows of a snapshot, and no `lsn`.
 *
 * @throws CaptureError `EVENT_MALFORMED`
 */
export function debeziumEvents(
  message: SourceMessage | DebeziumRecord | null | undefined,
  options?: DebeziumOptions,
): WALEvent[] {
  const { key, value } = recordOf(message)
  const envelope = envelopeOf(value)
  if (envelope === null) return []
  const identity = identityOf(options, envelope)
  const effective = identity === 'default' ? (keyColumnsOf(key) ?? identity) : identity
  return [eventOf(envelope, effective, unavailableValues(options?.unavailableValue))]
}

function eventOf(
  envelope: Envelope,
  identity: ReplicaIdentity,
  isUnavailable: (value: unknown) => boolean,
): WALEvent {
  const origin = originOf(envelope)
  const read = (values: JsonObject, which: string): Row => rowOf(values, which, envelope, isUnavailable)
  switch (envelope.op) {
    case 'c':
      return {
        ...origin,
        ...transactionOf(envelope),
        action: 'INSERT',
        data: read(afterOf(envelope), 'after'),
      }
    case 'r':
      // The transaction of a snapshot's row is the one that reads it, and may run for hours.
      return { ...origin, action: 'INSERT', data: read(afterOf(envelope), 'after') }
    case 'u': {
      const after = afterOf(envelope)
      const data = read(after, 'after')
      const before = optionalObjectField(FORMAT, envelope.rows, 'before')
      const known = before === null ? undefined : oldRow(read(before, 'before'), identity)
      // Debezium makes a change of the primary key a delete and a create.
      const dataOld =
        before === null || known === undefined ? unchangedKey(data, identity) : partlyKnown(known, before)
      if (identity === 'full') {
        const unchanged = Object.keys(after).filter((column) => isUnavailable(after[column]))
        fillUnchanged(data, unchanged, dataOld)
      }
      return { ...origin, ...transactionOf(envelope), action: 'UPDATE', data, dataOld }
    }
    case 'd': {
      const before = optionalObjectField(FORMAT, envelope.rows, 'before')
      const dataOld = before === null ? emptyRow() : oldRow(read(before, 'before'), identity)
      return { ...origin, ...transactionOf(envelope), action: 'DELETE', dataOld }
    }
    case 't':
      return { ...origin, ...transactionOf(envelope), action: 'TRUNCATE' }
    default:
      throw malformed(FORMAT, '"op" has to be c, u, d, r, t or m')
  }
}

/**
 * What is known of an old row. Beside the key Debezium fills in what Postgres did not send: null, and in a column that is NOT
 * NULL its default, or zero, or an empty text. So nothing else can be believed.
 */
function oldRow(before: Row, identity: ReplicaIdentity): Row {
  if (identity === 'full') return before
  return knownRow(before, (_value, column) => identity !== 'default' && identity.includes(column))
}

function rowOf(
  values: JsonObject,
  which: string,
  { types }: Envelope,
  isUnavailable: (value: unknown) => boolean,
): Row {
  const row = emptyRow()
  for (const [column, value] of Object.entries(values)) {
    if (isUnavailable(value)) continue
    const decoded = connectValue(value, types.get(column))
    if (decoded === undefined) {
      throw malformed(
        FORMAT,
        `column "${column}" of "${which}" is no ${types.get(column)?.name ?? 'value of its type'}`,
      )
    }
    setColumn(row, column, decoded)
  }
  return row
}

function afterOf(envelope: Envelope): JsonObject {
  if (fieldOf(envelope.rows, 'after') === null)
    throw malformed(FORMAT, '"after" is null, though a row was written')
  return objectField(FORMAT, envelope.rows, 'after')
}

function originOf({ schema, table, time }: Envelope): EventOrigin {
  const moment = time === undefined ? undefined : timestampText(time)
  return { schema, table, ...(moment === undefined ? {} : { commitTime: `${moment}+00` }) }
}

/** A connector that reads from a standby knows no transaction, and says 0. */
function transactionOf({ txId }: Envelope): { xid?: number } {
  return txId === undefined || txId <= 0n ? {} : { xid: Number(txId) }
}

import {
  fieldOf,
  isObject,
  type JsonObject,
  malformed,
  objectField,
  optionalIntegerField,
  parseMessage,
  textField,
} from '../../core/events/source-message.ts'
import { type ConnectType, scaleIn } from './connect-value.ts'

export const FORMAT = 'Debezium'

/** The types of a row's columns, as far as the message tells them. */
export type ColumnTypes = ReadonlyMap<string, ConnectType>

/** What Debezium tells of a change, whatever it is wrapped in. */
export interface Envelope {
  readonly op: string
  /** Holds `before` and `after`. */
  readonly rows: JsonObject
  readonly schema: string
  readonly table: string
  readonly txId: bigint | undefined
  /** Of the commit, in microseconds since 1970. */
  readonly time: bigint | undefined
  readonly types: ColumnTypes
}

/** A message without its transport: what Kafka calls value, and key. */
export interface DebeziumRecord {
  readonly key?: unknown
  readonly value: unknown
}

/** Takes a message for a record of key and value where it is an object that has them; else it is a value. */
export function recordOf(message: unknown): DebeziumRecord {
  if (!isObject(message) || fieldOf(message, 'value') === undefined) return { value: message }
  const isValue =
    ['op', 'payload', 'specversion'].some((field) => fieldOf(message, field) !== undefined) ||
    // A tombstone has a key. Without one this is a row that was flattened.
    (fieldOf(message, 'value') === null && fieldOf(message, 'key') === undefined)
  return isValue ? { value: message } : { key: fieldOf(message, 'key'), value: fieldOf(message, 'value') }
}

/** The envelope of a value, or `null` where the message tells no change: tombstone, heartbeat, border of a transaction. */
export function envelopeOf(value: unknown): Envelope | null {
  if (isTombstone(value)) return null
  const parsed = parseMessage(FORMAT, value)
  if (parsed === null) return null
  if (!isObject(parsed)) throw malformed(FORMAT, 'it has to be an object')
  if (fieldOf(parsed, 'specversion') !== undefined) return envelopeOfCloudEvent(parsed)
  const { schema, payload } = unwrapped(parsed)
  if (payload === null || isMarker(payload)) return null
  return envelopeOfPayload(payload, schema)
}

/** Debezium Server writes an empty text, or in Redis and Pub/Sub the word `default`, where Kafka has null. */
function isTombstone(value: unknown): boolean {
  if (value === null || value === undefined) return true
  const text = value instanceof Uint8Array && value.length <= 7 ? new TextDecoder().decode(value) : value
  return text === '' || text === 'default'
}

interface Unwrapped {
  readonly schema: unknown
  readonly payload: JsonObject | null
}

function unwrapped(message: JsonObject): Unwrapped {
  if (fieldOf(message, 'payload') === undefined) return { schema: undefined, payload: message }
  const payload = fieldOf(message, 'payload')
  return {
    schema: fieldOf(message, 'schema'),
    payload: payload === null ? null : objectField(FORMAT, message, 'payload'),
  }
}

/** Heartbeats tell a time only; those of a transaction's begin and end its number of events. */
function isMarker(payload: JsonObject): boolean {
  const fields = Object.keys(payload)
  if (fields.includes('op')) return false
  const isHeartbeat = fields.includes('ts_ms') && fields.every((field) => /^ts_(?:ms|us|ns)$/.test(field))
  return (
    isHeartbeat ||
    ['status', 'id', 'event_count', 'data_collections'].every((field) => fields.includes(field))
  )
}

function envelopeOfPayload(payload: JsonObject, schema: unknown): Envelope | null {
  if (fieldOf(payload, 'op') === undefined) {
    throw malformed(
      FORMAT,
      'it has no "op". If the transform ExtractNewRecordState flattens the messages, take it off the connector: it removes the ' +
        'old rows, without which changes would be lost',
    )
  }
  const op = textField(FORMAT, payload, 'op')
  if (op === 'm') return null
  const source = objectField(FORMAT, payload, 'source')
  return {
    op,
    rows: payload,
    schema: textField(FORMAT, source, 'schema'),
    table: textField(FORMAT, source, 'table'),
    txId: optionalIntegerField(FORMAT, source, 'txId'),
    time: timeOf(
      optionalIntegerField(FORMAT, source, 'ts_us'),
      optionalIntegerField(FORMAT, source, 'ts_ms'),
    ),
    types: typesOfRows(schema),
  }
}

/** The attributes of a CloudEvent hold what is `op` and `source` elsewhere; its data hold the rows, or all of it. */
function envelopeOfCloudEvent(event: JsonObject): Envelope | null {
  const data = fieldOf(event, 'data')
  if (data === null || data === undefined) return null
  const { schema, payload } = unwrapped(objectField(FORMAT, event, 'data'))
  if (payload === null || isMarker(payload)) return null
  if (fieldOf(payload, 'op') !== undefined) return envelopeOfPayload(payload, schema)
  if (fieldOf(event, 'iodebeziumop') === undefined) {
    throw malformed(
      FORMAT,
      '"iodebeziumop" is missing; leave extension.attributes.enable of the CloudEvents converter at true',
    )
  }
  const op = textField(FORMAT, event, 'iodebeziumop')
  if (op === 'm') return null
  return {
    op,
    rows: payload,
    schema: textField(FORMAT, event, 'iodebeziumschema'),
    table: textField(FORMAT, event, 'iodebeziumtable'),
    txId: optionalIntegerField(FORMAT, event, 'iodebeziumtxid'),
    time: timeOf(undefined, optionalIntegerField(FORMAT, event, 'iodebeziumtsms')),
    types: typesOfRows(schema),
  }
}

function timeOf(microseconds: bigint | undefined, milliseconds: bigint | undefined): bigint | undefined {
  return microseconds ?? (milliseconds === undefined ? undefined : milliseconds * 1_000n)
}

/** The names and values of a record's key; `undefined` where it has none, or only its values. */
export function keyColumnsOf(key: unknown): readonly string[] | undefined {
  if (isTombstone(key)) return undefined
  let parsed: unknown
  try {
    parsed = parseMessage(FORMAT, key)
  } catch {
    // A key in another format than the value's tells no columns; it is not needed where the identity is known otherwise.
    return undefined
  }
  if (!isObject(parsed)) return undefined
  const isWrapped = isObject(fieldOf(parsed, 'schema')) && isObject(fieldOf(parsed, 'payload'))
  return Object.keys(isWrapped ? objectField(FORMAT, parsed, 'payload') : parsed)
}

/** Both rows have the types of one table. */
function typesOfRows(schema: unknown): ColumnTypes {
  const types = new Map<string, ConnectType>()
  for (const row of fieldsIn(schema)) {
    if (row['field'] !== 'before' && row['field'] !== 'after') continue
    for (const column of fieldsIn(row)) {
      const { field, type, name } = column
      if (typeof field !== 'string' || typeof type !== 'string') continue
      const parameters = fieldOf(column, 'parameters')
      const scale = isObject(parameters) ? scaleIn(parameters) : undefined
      types.set(field, { type, name: typeof name === 'string' ? name : undefined, scale })
    }
  }
  return types
}

function fieldsIn(schema: unknown): JsonObject[] {
  const fields = isObject(schema) ? fieldOf(schema, 'fields') : undefined
  return Array.isArray(fields) ? fields.filter(isObject) : []
}

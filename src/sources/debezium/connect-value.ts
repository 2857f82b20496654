import { EncodedValue } from '../../core/events/encoded-value.ts'
import { isExact, NumberText } from '../../core/events/number-text.ts'
import { fieldOf, isObject, type JsonObject, wholeNumber } from '../../core/events/source-message.ts'
import { dayText, timeOfDayText, timestampText } from '../../core/events/time-text.ts'
import { bytesOfBase64, decimalText, hexText } from './connect-bytes.ts'

/** What the schema of a message says of a column. */
export interface ConnectType {
  /** `'int32'`, `'bytes'`, `'struct'` … */
  readonly type: string
  /** What it stands for, such as `'io.debezium.time.Date'`. */
  readonly name: string | undefined
  /** Digits after the point, of a decimal. */
  readonly scale: number | undefined
}

/**
 * The value as text that Postgres reads, where Debezium encodes it; as it is, where JSON says it all; else an `EncodedValue`,
 * which can be compared, but is no key. Without a type only what shows its encoding is decoded. `undefined` for what is no
 * value of its type.
 */
export function connectValue(value: unknown, type: ConnectType | undefined): unknown {
  if (value === null) return null
  if (type === undefined) return isVariableScaleDecimal(value) ? variableScaleDecimal(value) : value
  const decode = type.name === undefined ? undefined : DECODERS.get(type.name)
  if (decode !== undefined) return decode(value, type)
  switch (type.type) {
    case 'bytes':
      return type.name === undefined ? bytea(value) : encoded(value, NO_KEY)
    case 'struct':
    case 'map':
      return encoded(value, NO_KEY)
    default:
      return value
  }
}

const NO_KEY = "Debezium has no other form for its type: take another column for the schema's key or link."
const PRECISE_TIME = 'Set time.precision.mode of the connector to adaptive.'
const ROUNDED = 'JavaScript has rounded it: pass the text of the message, or its bytes.'
const OUT_OF_RANGE = 'It is infinity, or a year that JavaScript does not know.'

function encoded(value: unknown, remedy: string): EncodedValue {
  return new EncodedValue(value instanceof NumberText ? value.digits : value, remedy)
}

type Decode = (value: unknown, type: ConnectType) => unknown

const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  [
    'org.apache.kafka.connect.data.Decimal',
    (value, { scale }) => (scale === undefined ? undefined : decimal(value, scale)),
  ],
  ['io.debezium.data.VariableScaleDecimal', variableScaleDecimal],
  ['io.debezium.time.Date', counted(1n, dayText)],
  ['org.apache.kafka.connect.data.Date', counted(1n, dayText)],
  ['io.debezium.time.Time', counted(1_000n, timeOfDayText)],
  ['io.debezium.time.MicroTime', counted(1n, timeOfDayText)],
  ['io.debezium.time.Timestamp', counted(1_000n, timestampText)],
  ['io.debezium.time.MicroTimestamp', counted(1n, timestampText)],
  // The three below have lost, or may have lost, what Postgres has.
  ['org.apache.kafka.connect.data.Time', (value) => encoded(value, PRECISE_TIME)],
  ['org.apache.kafka.connect.data.Timestamp', (value) => encoded(value, PRECISE_TIME)],
  [
    'io.debezium.time.MicroDuration',
    (value) => encoded(value, 'Set interval.handling.mode of the connector to string.'),
  ],
])

/** A count of units since an epoch; one unit is so many of those that `text` takes. */
function counted(unit: bigint, text: (count: bigint) => string | undefined): Decode {
  return (value) => {
    if (typeof value === 'number' && !isExact(value)) return encoded(value, ROUNDED)
    const count = wholeNumber(value)
    return count === undefined ? undefined : (text(count * unit) ?? encoded(value, OUT_OF_RANGE))
  }
}

function decimal(value: unknown, scale: number): unknown {
  if (value instanceof NumberText) return value.digits
  if (typeof value === 'number') return isExact(value) ? String(value) : encoded(value, ROUNDED)
  const bytes = bytesOfBase64(value)
  return bytes === undefined ? undefined : decimalText(bytes, scale)
}

function isVariableScaleDecimal(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 2 && variableScaleDecimal(value) !== undefined
}

function variableScaleDecimal(value: unknown): unknown {
  if (!isObject(value)) return undefined
  const scale = scaleIn(value)
  return scale === undefined ? undefined : decimal(fieldOf(value, 'value'), scale)
}

/** A scale is at most that of Postgres's numeric. */
export function scaleIn(object: JsonObject): number | undefined {
  const scale = Number(fieldOf(object, 'scale') ?? NaN)
  return Number.isInteger(scale) && Math.abs(scale) <= 16_383 ? scale : undefined
}

function bytea(value: unknown): string | undefined {
  const bytes = bytesOfBase64(value)
  return bytes === undefined ? undefined : `\\x${hexText(bytes)}`
}

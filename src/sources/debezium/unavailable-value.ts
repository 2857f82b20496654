import { isObject } from '../../core/events/source-message.ts'
import { base64Text, hexText } from './connect-bytes.ts'

const DEFAULT_PLACEHOLDER = '__debezium_unavailable_value'

/**
 * Tells the values that Debezium writes where Postgres did not send one: the placeholder as text, as bytes (base64 or hex), as
 * element or as bytes of an array, as an hstore of itself.
 *
 * @param placeholder as in the connector's `unavailable.value.placeholder`; with `hex:` before it, bytes in hex.
 */
export function unavailableValues(placeholder: string = DEFAULT_PLACEHOLDER): IsUnavailable {
  const made = MADE.get(placeholder) ?? testFor(placeholder)
  MADE.set(placeholder, made)
  return made
}

type IsUnavailable = (value: unknown) => boolean

/** A connector has one placeholder, and its messages are many. */
const MADE = new Map<string, IsUnavailable>()

function testFor(placeholder: string): IsUnavailable {
  const bytes = placeholder.startsWith('hex:')
    ? Uint8Array.from(placeholder.slice(4).match(/[\da-f]{2}/gi) ?? [], (digits) =>
        Number.parseInt(digits, 16),
      )
    : new TextEncoder().encode(placeholder)
  const text = new TextDecoder().decode(bytes)
  const base64 = base64Text(bytes)
  const urlSafe = base64.replaceAll('+', '-').replaceAll('/', '_')
  const texts: ReadonlySet<unknown> = new Set([
    text,
    base64,
    urlSafe,
    urlSafe.replace(/=+$/, ''),
    hexText(bytes),
    JSON.stringify({ [text]: text }),
  ])
  const isArrayOfBytes = (value: readonly unknown[]): boolean =>
    value.length === bytes.length && value.every((item, index) => item === bytes[index])

  return (value) => {
    if (typeof value === 'string') return texts.has(value)
    if (Array.isArray(value)) return isArrayOfBytes(value) || value.some((item) => texts.has(item))
    return isObject(value) && Object.hasOwn(value, text)
  }
}

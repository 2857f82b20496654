import { CaptureError } from '../errors/capture-error.ts'
import { parseExactJson } from '../values/exact-json.ts'
import { messageNumbers, NumberText } from './number-text.ts'

/**
 * A message of an event source: its text or its bytes as the transport has them, or what they were parsed to. Text and bytes
 * are read without losing a digit; `JSON.parse` has rounded integers beyond 2^53 by the time that it gives an object.
 */
export type SourceMessage = string | Uint8Array | object

/** An object of a message, as JSON has it. */
export type JsonObject = Readonly<Record<string, unknown>>

/** The error for what is no message of that format. The reason names fields and settings, and holds no value. */
export function malformed(format: string, reason: string): CaptureError {
  return new CaptureError('EVENT_MALFORMED', `This is no message of ${format}: ${reason}.`)
}

/**
 * The message, parsed where it is text or bytes.
 *
 * @throws CaptureError `EVENT_MALFORMED` where it is no JSON.
 */
export function parseMessage(format: string, message: unknown): unknown {
  const text = message instanceof Uint8Array ? new TextDecoder().decode(message) : message
  if (typeof text !== 'string') return text
  try {
    return parseExactJson(text, messageNumbers)
  } catch {
    // The reason of JSON.parse quotes the text, and with it row values.
    throw malformed(format, text === '' ? 'it is empty' : 'it is no JSON')
  }
}

export function isObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof NumberText)
  )
}

/** The field's own value: `undefined` where it is absent, also if it is called `constructor`. */
export function fieldOf(object: JsonObject, field: string): unknown {
  return Object.hasOwn(object, field) ? object[field] : undefined
}

/** @throws CaptureError `EVENT_MALFORMED` where the field is no object. */
export function objectField(format: string, object: JsonObject, field: string): JsonObject {
  const value = fieldOf(object, field)
  if (isObject(value)) return value
  throw malformed(format, `"${field}" has to be an object`)
}

/** `null` for an object that is null or absent. @throws CaptureError `EVENT_MALFORMED` where it is anything else. */
export function optionalObjectField(format: string, object: JsonObject, field: string): JsonObject | null {
  return (fieldOf(object, field) ?? null) === null ? null : objectField(format, object, field)
}

/** @throws CaptureError `EVENT_MALFORMED` where the field is no text, or an empty one. */
export function textField(format: string, object: JsonObject, field: string): string {
  const value = fieldOf(object, field)
  if (typeof value === 'string' && value !== '') return value
  throw malformed(format, `"${field}" has to be a text that is not empty`)
}

/** @throws CaptureError `EVENT_MALFORMED` where the field is no list. */
export function listField(format: string, object: JsonObject, field: string): readonly unknown[] {
  const value = fieldOf(object, field)
  if (Array.isArray(value)) return value
  throw malformed(format, `"${field}" has to be a list`)
}

/** A field with a whole number, in digits; `undefined` where it is null or absent. */
export function optionalIntegerField(format: string, object: JsonObject, field: string): bigint | undefined {
  const value = fieldOf(object, field) ?? undefined
  if (value === undefined) return undefined
  const number = wholeNumber(value)
  if (number !== undefined) return number
  throw malformed(format, `"${field}" has to be a whole number that was not rounded`)
}

/** A whole number, or the digits of one; `undefined` for all else, and for a number that was rounded. */
export function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  const digits = value instanceof NumberText ? value.digits : value
  return typeof digits === 'string' && /^-?\d{1,20}$/.test(digits) ? BigInt(digits) : undefined
}

/** A position in the WAL as Postgres prints it. */
export function lsnText(position: bigint): string {
  return `${(position >> 32n).toString(16)}/${(position & 0xffffffffn).toString(16)}`.toUpperCase()
}

import { isExact } from './number-text.ts'
import type { EventRow } from './wal-event.ts'

/**
 * Whether an UPDATE may have changed one of the columns. A column that one of the rows does not hold is unknown, and
 * unknown counts as changed.
 */
export function mayHaveChanged(
  columns: readonly string[],
  data: EventRow,
  dataOld: EventRow | undefined,
): boolean {
  if (dataOld === undefined) return columns.length > 0
  for (const column of columns) {
    const before = valueOf(dataOld, column)
    const after = valueOf(data, column)
    if (before === undefined || after === undefined || !sameValue(before, after)) return true
  }
  return false
}

/** The value of a column, `undefined` where the row does not hold it: a column may be called `constructor`. */
export function valueOf(row: EventRow | undefined, column: string): unknown {
  return row !== undefined && Object.hasOwn(row, column) ? row[column] : undefined
}

/** A document that is nested deeper is not compared to its end, so that none can exhaust the stack. */
const DEEPEST_COMPARED = 500

/** Structural equality over what drivers make of Postgres values. In doubt two values differ. */
function sameValue(a: unknown, b: unknown, depth = 0): boolean {
  // Two int8 beyond 2^53 may have been rounded to one number.
  if (typeof a === 'number') return Object.is(a, b) && isExact(a)
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (depth > DEEPEST_COMPARED) return false
  if (a instanceof Date && b instanceof Date) return a.getTime() === b.getTime()
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return sameBytes(a, b)
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameValue(item, b[index], depth + 1))
  }
  const keys = Object.keys(a)
  return (
    keys.length > 0 &&
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) => Object.hasOwn(b, key) && sameValue(Reflect.get(a, key), Reflect.get(b, key), depth + 1),
    )
  )
}

function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  if (a.byteLength !== b.byteLength) return false
  const left = new Uint8Array(a.buffer, a.byteOffset, a.byteLength)
  const right = new Uint8Array(b.buffer, b.byteOffset, b.byteLength)
  return left.every((byte, index) => byte === right[index])
}

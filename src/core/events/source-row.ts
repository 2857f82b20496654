import { valueOf } from './changed-columns.ts'
import { NumberText } from './number-text.ts'
import type { JsonObject } from './source-message.ts'
import type { EventRow } from './wal-event.ts'

/**
 * How much Postgres tells of a table's old rows, as `REPLICA IDENTITY` sets it:
 *
 * - `'full'`: every column;
 * - the names of columns: those of the primary key, or of the index that is the identity;
 * - `'default'`: some columns, and which ones is not said here. It is the safe assumption for a table of any identity.
 */
export type ReplicaIdentity = 'full' | 'default' | readonly string[]

/** A table as a message names it. */
export interface MessageTable {
  readonly schema: string
  readonly table: string
}

/** The identity of all tables, or of each. */
export type ReplicaIdentityOption = ReplicaIdentity | ((table: MessageTable) => ReplicaIdentity)

export interface OldRowOptions {
  /**
   * The replica identity, for all tables or by table. It decides which values of an old row are known, where the message
   * does not say so. @defaultValue `'default'`
   */
  readonly replicaIdentity?: ReplicaIdentityOption | undefined
}

/** A row that is being read. It inherits nothing, so a column may be called `constructor`. */
export type Row = Record<string, unknown>

export function identityOf(options: OldRowOptions | undefined, table: MessageTable): ReplicaIdentity {
  const identity = options?.replicaIdentity ?? 'default'
  return typeof identity === 'function' ? identity(table) : identity
}

export function emptyRow(): Row {
  return Object.create(null) as Row
}

/** The columns of a message's row whose value is known. */
export function knownRow(
  values: JsonObject,
  isKnown: (value: unknown, column: string) => boolean = () => true,
): Row {
  const row = emptyRow()
  for (const [column, value] of Object.entries(values)) {
    if (isKnown(value, column)) setColumn(row, column, value)
  }
  return row
}

/**
 * Puts a value of a message into a row: a number that JavaScript does not hold as its digits. A document with such a number
 * is left out: it could not be compared, and it is no key.
 */
export function setColumn(row: Row, column: string, value: unknown): void {
  if (value instanceof NumberText) row[column] = value.digits
  else if (value !== undefined && !holdsNumberText(value)) row[column] = value
}

function holdsNumberText(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  // Not by recursion: a document may be deep. An object that was not parsed from text may even hold itself.
  const seen = new Set<object>([value])
  for (const object of seen) {
    if (object instanceof NumberText) return true
    if (ArrayBuffer.isView(object)) continue
    for (const inner of Object.values(object) as unknown[]) {
      if (typeof inner === 'object' && inner !== null) seen.add(inner)
    }
  }
  return false
}

/**
 * An old row of which the format tells what Postgres did not send as NULL: of its NULLs only those are known that the
 * identity covers.
 */
export function withKnownNulls(row: Row, identity: ReplicaIdentity): Row {
  if (identity === 'full') return row
  return knownRow(
    row,
    (value, column) => value !== null || (identity !== 'default' && identity.includes(column)),
  )
}

/**
 * A new row of an UPDATE of which the format writes null for a value that did not change and lies out of line (TOAST). A null
 * is NULL where the value before was, or was of a type that is never stored so. Of a text nothing follows: it may be that of
 * a uuid or of an array.
 */
export function withoutUnchangedNulls(
  data: Row,
  wholeOldRow: EventRow | undefined,
  isToasted: (column: string) => boolean = () => true,
): Row {
  return knownRow(data, (value, column) => {
    if (value !== null || !isToasted(column)) return true
    const before = valueOf(wholeOldRow, column)
    return before === null || typeof before === 'number' || typeof before === 'boolean'
  })
}

/**
 * The old row of an UPDATE that came without one: what the identity covers did not change. `undefined` where its columns are
 * not named.
 */
export function unchangedKey(data: EventRow, identity: ReplicaIdentity): Row | undefined {
  if (typeof identity === 'string') return undefined
  return knownRow(data, (_value, column) => identity.includes(column))
}

/**
 * An old row that is there, but of which no more is known than `known`. Where that is nothing, its columns are there as
 * `undefined`: an empty old row would say that the key did not change.
 */
export function partlyKnown(known: Row, columns: JsonObject): Row {
  if (Object.keys(known).length > 0) return known
  const row = emptyRow()
  for (const column of Object.keys(columns)) row[column] = undefined
  return row
}

/** Fills in the columns that are known not to have changed, as far as the old row tells them. */
export function fillUnchanged(data: Row, unchanged: Iterable<string>, dataOld: EventRow | undefined): void {
  for (const column of unchanged) {
    const value = valueOf(dataOld, column)
    if (value !== undefined) data[column] = value
  }
}

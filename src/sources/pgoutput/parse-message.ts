import { CaptureError } from '../../core/errors/capture-error.ts'
import { BinaryReader } from './binary-reader.ts'
import type { PgoutputMessage, RelationColumn, RelationMessage, ReplicaIdentity, Row } from './message.ts'

/** What the parser must know of a table to read its rows. */
export interface RowLayout {
  readonly columns: readonly string[]
  /** For each column, whether anybody reads it: the others are passed over. */
  readonly read: readonly boolean[]
  /** For each column, whether old rows tell it also where they are key rows. */
  readonly keys: readonly boolean[]
  /** Whether old rows have every column. */
  readonly hasFullOldRows: boolean
  newRow(): Row
}

/** The layout of a table by its oid: `undefined` where no Relation message came, `null` where nobody reads the table. */
export type LayoutLookup<Table extends RowLayout> = (oid: number) => Table | null | undefined

const ignored = { kind: 'ignored' } as const

/**
 * Reads one message of pgoutput, protocol version 1, in text format, from `start` in `bytes`.
 *
 * After the PostgreSQL documentation, "Logical Replication Message Formats". Rows of tables that nobody reads are not
 * decoded. Throws `PGOUTPUT_UNEXPECTED_MESSAGE` for anything that the protocol does not allow here.
 */
export function parseMessage<Table extends RowLayout>(
  bytes: Buffer,
  start: number,
  layoutOf: LayoutLookup<Table>,
): PgoutputMessage<Table> {
  const reader = new BinaryReader(bytes, start)
  const tag = reader.uint8()
  switch (tag) {
    case 0x49: // I
      return parseInsert(reader, layoutOf)
    case 0x55: // U
      return parseUpdate(reader, layoutOf)
    case 0x44: // D
      return parseDelete(reader, layoutOf)
    case 0x42: // B
      return { kind: 'begin', commitLsn: reader.uint64(), commitTime: reader.int64(), xid: reader.uint32() }
    case 0x43: // C
      reader.skip(1)
      return {
        kind: 'commit',
        commitLsn: reader.uint64(),
        endLsn: reader.uint64(),
        commitTime: reader.int64(),
      }
    case 0x52: // R
      return parseRelation(reader)
    case 0x54: // T
      return parseTruncate(reader)
    case 0x59: // Y: types matter only for binary values
    case 0x4f: // O: origin of a change that came from another server
    case 0x4d: // M: pg_logical_emit_message
      return ignored
    default:
      throw unexpected(`is of an unknown kind at byte 0`, tag)
  }
}

function parseInsert<Table extends RowLayout>(
  reader: BinaryReader,
  layoutOf: LayoutLookup<Table>,
): PgoutputMessage<Table> {
  const table = findLayout(reader, layoutOf, 0x49)
  if (!table) return ignored
  expectTuple(reader, 0x49, reader.uint8())
  return { kind: 'insert', table, row: parseRow(reader, table, 0x49, undefined) }
}

function parseUpdate<Table extends RowLayout>(
  reader: BinaryReader,
  layoutOf: LayoutLookup<Table>,
): PgoutputMessage<Table> {
  const table = findLayout(reader, layoutOf, 0x55)
  if (!table) return ignored
  const before = reader.uint8()
  if (before === 0x4b || before === 0x4f) {
    const oldRow = parseOldRow(reader, table, 0x55, before)
    expectTuple(reader, 0x55, reader.uint8())
    return { kind: 'update', table, oldRow, row: parseRow(reader, table, 0x55, oldRow) }
  }
  expectTuple(reader, 0x55, before)
  const row = parseRow(reader, table, 0x55, undefined)
  return { kind: 'update', table, oldRow: table.hasFullOldRows ? undefined : unchangedKey(table, row), row }
}

function parseDelete<Table extends RowLayout>(
  reader: BinaryReader,
  layoutOf: LayoutLookup<Table>,
): PgoutputMessage<Table> {
  const table = findLayout(reader, layoutOf, 0x44)
  if (!table) return ignored
  const before = reader.uint8()
  if (before === 0x4b || before === 0x4f) {
    return { kind: 'delete', table, oldRow: parseOldRow(reader, table, 0x44, before) }
  }
  throw unexpected(`has a row of unknown kind ${before} at byte ${reader.offset - 1}`, 0x44)
}

function parseRelation(reader: BinaryReader): RelationMessage {
  const oid = reader.uint32()
  const schema = reader.terminatedText() || 'pg_catalog'
  const table = reader.terminatedText()
  const replicaIdentity = String.fromCharCode(reader.uint8())
  if (!isReplicaIdentity(replicaIdentity)) {
    throw unexpected(`has an unknown replica identity at byte ${reader.offset - 1}`, 0x52)
  }
  const columns: RelationColumn[] = []
  for (let count = reader.uint16(); count > 0; count--) {
    const isKey = (reader.uint8() & 1) === 1
    columns.push({
      name: reader.terminatedText(),
      isKey,
      typeOid: reader.uint32(),
      typeModifier: reader.int32(),
    })
  }
  return { kind: 'relation', oid, schema, table, replicaIdentity, columns }
}

function parseTruncate(reader: BinaryReader): PgoutputMessage<never> {
  const count = reader.uint32()
  reader.skip(1)
  const oids: number[] = []
  for (let index = 0; index < count; index++) oids.push(reader.uint32())
  return { kind: 'truncate', oids }
}

/** Reads a tuple. Where a value is unchanged TOAST, Postgres does not send it: `oldRow` fills it, or it stays absent. */
function parseRow(reader: BinaryReader, layout: RowLayout, tag: number, oldRow: Row | undefined): Row {
  const { columns, read } = layout
  const row = layout.newRow()
  expectColumns(reader, layout, tag)
  for (let index = 0; index < columns.length; index++) {
    const name = columns[index] as string
    const kind = reader.uint8()
    if (kind === 0x74) {
      const length = reader.int32()
      if (read[index]) row[name] = reader.text(length)
      else reader.skip(length)
    } else if (kind === 0x6e) {
      if (read[index]) row[name] = null
    } else if (kind !== 0x75) throw unknownValue(reader, tag, kind)
    else if (oldRow?.[name] !== undefined) row[name] = oldRow[name]
  }
  return row
}

function parseOldRow(reader: BinaryReader, layout: RowLayout, tag: number, kind: number): Row {
  const isFull = kind === 0x4f && layout.hasFullOldRows
  return isFull ? parseRow(reader, layout, tag, undefined) : parseKey(reader, layout, tag)
}

/** Reads a key tuple: what is sent for the other columns is a placeholder, not NULL. */
function parseKey(reader: BinaryReader, layout: RowLayout, tag: number): Row {
  const { columns, keys, read } = layout
  const row = layout.newRow()
  expectColumns(reader, layout, tag)
  for (let index = 0; index < columns.length; index++) {
    const kind = reader.uint8()
    if (kind === 0x74) {
      const length = reader.int32()
      if (keys[index] && read[index]) row[columns[index] as string] = reader.text(length)
      else reader.skip(length)
    } else if (kind === 0x6e) {
      if (keys[index] && read[index]) row[columns[index] as string] = null
    } else if (kind !== 0x75) throw unknownValue(reader, tag, kind)
  }
  return row
}

/** An UPDATE without an old row did not touch the key, so the key's old values are its new ones. */
function unchangedKey(layout: RowLayout, row: Row): Row | undefined {
  const { columns, keys } = layout
  let oldRow: Row | undefined
  for (let index = 0; index < columns.length; index++) {
    if (!keys[index]) continue
    const name = columns[index] as string
    const value = row[name]
    if (value === undefined) continue
    oldRow ??= layout.newRow()
    oldRow[name] = value
  }
  return oldRow
}

function findLayout<Table extends RowLayout>(
  reader: BinaryReader,
  layoutOf: LayoutLookup<Table>,
  tag: number,
): Table | null {
  const oid = reader.uint32()
  const table = layoutOf(oid)
  if (table === undefined)
    throw unexpected(`names relation ${oid}, of which no Relation message came, at byte 1`, tag)
  return table
}

function expectTuple(reader: BinaryReader, tag: number, kind: number): void {
  if (kind !== 0x4e) throw unexpected(`has a row of unknown kind ${kind} at byte ${reader.offset - 1}`, tag)
}

function expectColumns(reader: BinaryReader, layout: RowLayout, tag: number): void {
  const count = reader.uint16()
  if (count !== layout.columns.length) {
    throw unexpected(
      `has a row of ${count} columns, its table has ${layout.columns.length}, at byte ${reader.offset - 2}`,
      tag,
    )
  }
}

function unknownValue(reader: BinaryReader, tag: number, kind: number): CaptureError {
  return unexpected(`has a value of unknown kind ${kind} at byte ${reader.offset - 1}`, tag)
}

function isReplicaIdentity(text: string): text is ReplicaIdentity {
  return text === 'd' || text === 'n' || text === 'f' || text === 'i'
}

function unexpected(what: string, tag: number): CaptureError {
  return new CaptureError(
    'PGOUTPUT_UNEXPECTED_MESSAGE',
    `pgoutput message "${String.fromCharCode(tag)}" ${what}. ` +
      'This version reads protocol version 1 in text format without streaming of open transactions.',
  )
}

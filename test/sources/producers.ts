import type { WALEvent } from 'pg-capture'
import { debeziumEvents } from 'pg-capture/sources/debezium'
import { redpandaConnectEvents } from 'pg-capture/sources/redpanda-connect'
import { sequinEvents } from 'pg-capture/sources/sequin'
import { supabaseEvents } from 'pg-capture/sources/supabase'
import { walListenerEvents } from 'pg-capture/sources/wal-listener'
import { wal2jsonEvents } from 'pg-capture/sources/wal2json'
import {
  type Change,
  isKept,
  jsonText,
  keepsItsKey,
  NumberOf,
  type TrueRow,
  type TrueValue,
} from './true-changes.ts'

/** What a producer writes of a change, with all that it leaves out or makes up, and what our adapter makes of it. */
export interface Producer {
  /** Its messages: one, or two where a change of the key is a delete and a create. */
  readonly write: (change: Change) => readonly string[]
  /** The adapter, told the identity where the change says so. */
  readonly read: (message: string, change: Change) => WALEvent[]
  /** Whether it can write the change at all. */
  readonly can?: (change: Change) => boolean
}

type Fields = Record<string, unknown>
type Write = (value: TrueValue, column: string) => unknown

export function actionOf({ before, after }: Change): 'INSERT' | 'UPDATE' | 'DELETE' {
  if (before === null) return 'INSERT'
  return after === null ? 'DELETE' : 'UPDATE'
}

const told = (change: Change): { replicaIdentity: 'full' | 'default' } => ({
  replicaIdentity: change.isTold ? change.identity : 'default',
})

const mapped = (row: TrueRow, write: Write = (value) => value): Fields =>
  Object.fromEntries(Object.entries(row).map(([column, value]) => [column, write(value, column)]))

const keyOf = ({ key }: Change, row: TrueRow): TrueRow =>
  Object.fromEntries(key.map((column) => [column, row[column]!]))

/** What Postgres sends of an old row: all of it, the key where it changed or nothing else is left, or nothing. */
function oldTuple(change: Change): { row: TrueRow; isWhole: boolean } | null {
  if (change.before === null) return null
  if (change.identity === 'full') return { row: change.before, isWhole: true }
  if (change.after !== null && keepsItsKey(change)) return null
  return { row: keyOf(change, change.before), isWhole: false }
}

/** An old tuple where what it lacks is filled in: with nulls, as most do. */
function filledOldTuple(
  change: Change,
  write?: Write,
  filler: (type: string) => unknown = () => null,
): Fields | null {
  const old = oldTuple(change)
  if (old === null) return null
  if (old.isWhole) return mapped(old.row, write)
  const filled = Object.entries(change.columns).map(([column, type]) => [column, filler(type)])
  return { ...Object.fromEntries(filled), ...old.row }
}

const documentAsText: Write = (value) =>
  typeof value === 'object' && value !== null && !(value instanceof NumberOf) ? jsonText(value) : value
const nullForNaN: Write = (value) => (value === 'NaN' ? null : value)

// ── Debezium ──

const debeziumTypes: Readonly<Record<string, unknown>> = { text: '', int4: 3 }

function debeziumMessage(change: Change): string {
  const unavailable: Write = (value, column) =>
    change.toasted.includes(column) ? '__debezium_unavailable_value' : documentAsText(value, column)
  return jsonText({
    op: { INSERT: 'c', UPDATE: 'u', DELETE: 'd' }[actionOf(change)],
    // In columns that are NOT NULL it fills in zeros, empty texts and defaults.
    before: filledOldTuple(change, documentAsText, (type) => debeziumTypes[type] ?? null),
    after: change.after && mapped(change.after, unavailable),
    source: { schema: 'public', table: change.table },
  })
}

function debeziumMessages(change: Change): string[] {
  if (keepsItsKey(change)) return [debeziumMessage(change)]
  return [
    debeziumMessage({ ...change, after: null }),
    debeziumMessage({ ...change, before: null, toasted: [] }),
  ]
}

// ── wal2json ──

const wal2jsonTypes: Readonly<Record<string, string>> = {
  int8: 'bigint',
  int4: 'integer',
  float8: 'double precision',
}
const wal2jsonValue: Write = (value, column) => documentAsText(nullForNaN(value, column) as TrueValue, column)

const wal2jsonColumns = (change: Change, row: TrueRow): Fields[] =>
  Object.entries(row).map(([name, value]) => ({
    name,
    type: wal2jsonTypes[change.columns[name]!] ?? change.columns[name],
    value: wal2jsonValue(value, name),
  }))

function wal2jsonLists(change: Change, row: TrueRow, prefix: 'column' | 'key'): Fields {
  const columns = wal2jsonColumns(change, row)
  return {
    [`${prefix}names`]: columns.map(({ name }) => name),
    [`${prefix}types`]: columns.map(({ type }) => type),
    [`${prefix}values`]: columns.map(({ value }) => value),
  }
}

const without = (row: TrueRow, isOut: (column: string, value: TrueValue) => boolean): TrueRow =>
  Object.fromEntries(Object.entries(row).filter(([column, value]) => !isOut(column, value)))

/** Unlike pgoutput, it sends the key also where it did not change. */
const identityOf = (change: Change, row: TrueRow): TrueRow =>
  change.identity === 'full' ? row : keyOf(change, row)

// ── all of them ──

const debezium: Producer = {
  write: debeziumMessages,
  read: (value, change) => debeziumEvents(value, told(change)),
}

export const producers: Readonly<Record<string, Producer>> = {
  'debezium, value alone': debezium,
  'debezium, with the key of the record': {
    ...debezium,
    read: (value, change) => {
      const key = jsonText(keyOf(change, (change.after ?? change.before)!))
      return debeziumEvents({ key, value }, told(change))
    },
  },
  'wal-listener': {
    write: (change) => [
      jsonText({
        schema: 'public',
        table: change.table,
        action: actionOf(change),
        data: mapped(change.after ?? {}, (value, column) => (change.toasted.includes(column) ? null : value)),
        dataOld: filledOldTuple(change) ?? {},
      }),
    ],
    read: (message, change) => walListenerEvents(message, told(change)),
  },
  'wal2json 2': {
    write: (change) => {
      const sent = change.after && without(change.after, (column) => change.toasted.includes(column))
      return [
        jsonText({
          action: actionOf(change)[0],
          schema: 'public',
          table: change.table,
          columns: sent === null ? undefined : wal2jsonColumns(change, sent),
          identity:
            change.before === null ? undefined : wal2jsonColumns(change, identityOf(change, change.before)),
        }),
      ]
    },
    read: (message) => wal2jsonEvents(message),
  },
  'wal2json 1': {
    write: (change) => {
      const sent = change.after && without(change.after, (column) => change.toasted.includes(column))
      const old =
        change.before && without(identityOf(change, change.before), (_column, value) => value === null)
      return [
        jsonText({
          change: [
            {
              kind: actionOf(change).toLowerCase(),
              schema: 'public',
              table: change.table,
              ...(sent === null ? {} : wal2jsonLists(change, sent, 'column')),
              oldkeys: old === null ? undefined : wal2jsonLists(change, old, 'key'),
            },
          ],
        }),
      ]
    },
    read: (message, change) => wal2jsonEvents(message, told(change)),
  },
  sequin: {
    write: (change) => {
      const isWhole = change.identity === 'full'
      const marked: Write = (value, column) =>
        change.toasted.includes(column) && !isWhole ? 'unchanged_toast' : value
      const changed = Object.entries(change.before ?? {}).filter(([column]) => !isKept(change, column))
      return [
        jsonText({
          action: actionOf(change).toLowerCase(),
          record: change.after === null ? filledOldTuple(change) : mapped(change.after, marked),
          // The key before is lost, unless the old row is whole.
          changes: actionOf(change) === 'UPDATE' ? (isWhole ? Object.fromEntries(changed) : {}) : null,
          metadata: { table_schema: 'public', table_name: change.table, commit_lsn: 5 },
        }),
      ]
    },
    read: (message, change) => sequinEvents(message, told(change)),
  },
  'supabase realtime': {
    write: (change) => {
      // What was not sent is taken from the old row, and else left out.
      const isOut = (column: string): boolean => change.identity !== 'full' && change.toasted.includes(column)
      const old = change.before && identityOf(change, change.before)
      return [
        jsonText({
          type: actionOf(change),
          schema: 'public',
          table: change.table,
          columns: Object.entries(change.columns).map(([name, type]) => ({ name, type })),
          record: change.after === null ? undefined : mapped(without(change.after, isOut), nullForNaN),
          old_record: old === null ? undefined : mapped(old, nullForNaN),
        }),
      ]
    },
    read: (message) => supabaseEvents(message),
  },
  'supabase webhook': {
    // A trigger has both rows.
    write: (change) => [
      jsonText({
        type: actionOf(change),
        schema: 'public',
        table: change.table,
        record: change.after,
        old_record: change.before,
      }),
    ],
    read: (message) => supabaseEvents(message),
  },
  'redpanda-connect': {
    // It writes no row with a NaN as JSON.
    can: ({ before, after }) => ![before, after].some((row) => Object.values(row ?? {}).includes('NaN')),
    write: (change) => {
      const before = filledOldTuple(change) ?? undefined
      const unchanged = change.isMarked ? '__unchanged__' : null
      const after = mapped(change.after ?? {}, (value, column) =>
        change.toasted.includes(column) ? unchanged : value,
      )
      return [
        jsonText({
          body: change.after === null ? before : after,
          metadata: { operation: actionOf(change).toLowerCase(), table: change.table, before },
        }),
      ]
    },
    read: (message, change) => {
      const marker = change.isMarked ? { unchangedToastValue: '__unchanged__' } : {}
      return redpandaConnectEvents(message, { ...told(change), ...marker })
    },
  },
}

import { CaptureError } from '../errors/capture-error.ts'
import { mayHaveChanged, valueOf } from '../events/changed-columns.ts'
import { keyOfColumns } from '../events/key-of-columns.ts'
import { displayTableName } from '../events/table-name.ts'
import type { EventRow, WALEvent } from '../events/wal-event.ts'
import type { TableNode } from '../schema/plan.ts'
import { quoteTable } from '../sql/identifier.ts'
import { mayMatch, type TextForms } from './may-match.ts'

const NO_FORMS: TextForms = new Map()

/** A change of a row, other than the emptying of its whole table. */
export type RowEvent = Exclude<WALEvent, { action: 'TRUNCATE' }>

/**
 * The keys from which the event's row hangs, or hung, on the rows above it at this place of the schema: the old **and**
 * the new one, since an UPDATE that moves a row concerns the object that it leaves as much as the one that it joins.
 * Empty where the event can't change an object through this place. A row that the place's filter keeps out hangs nowhere.
 *
 * @param forms of the columns in the filter. Without them only tests for NULL tell that a row is kept out.
 * @throws CaptureError `EVENT_VALUE_UNKNOWN` where a key is needed that the source did not send.
 */
export function affectedKeys(
  node: TableNode,
  event: RowEvent,
  keyColumns: readonly string[],
  rowMayReappear: boolean,
  forms: TextForms = NO_FORMS,
): string[] {
  const counts = (row: EventRow | undefined): boolean =>
    node.filter === null || mayMatch(node.filter, row, forms)
  switch (event.action) {
    case 'INSERT':
      // Whether the row that was there before passed the filter, its DELETE was not asked.
      if (isPromised(node) ? !rowMayReappear : !counts(event.data)) return []
      return present([keyOf(node, keyColumns, event.data, 'new')])
    case 'DELETE':
      if (isPromised(node) || !counts(event.dataOld)) return []
      return present([keyOf(node, keyColumns, event.dataOld, 'old')])
    case 'UPDATE': {
      const dataOld = event.dataOld ?? undefined
      if (!mayHaveChanged(node.columns, event.data, dataOld)) return []
      return present([
        counts(event.data) ? keyOf(node, keyColumns, event.data, 'new') : null,
        counts(dataOld) ? oldKeyOf(node, keyColumns, event) : null,
      ])
    }
    default:
      return event satisfies never
  }
}

/** While a foreign key holds, no row points to one that is not there yet, or no longer. */
export function isPromised(node: TableNode): boolean {
  return node.link?.guaranteed === true
}

function oldKeyOf(
  node: TableNode,
  columns: readonly string[],
  event: { readonly data: EventRow; readonly dataOld?: EventRow | undefined },
): string | null {
  // Postgres sends no old row at all where the replica identity, by default the primary key, did not change.
  const hasOldRow =
    event.dataOld !== undefined && event.dataOld !== null && Object.keys(event.dataOld).length > 0
  if (node.link === null && !hasOldRow) return keyOf(node, columns, event.data, 'new')
  return keyOf(node, columns, event.dataOld ?? undefined, 'old')
}

function keyOf(
  node: TableNode,
  columns: readonly string[],
  row: EventRow | undefined,
  which: 'old' | 'new',
): string | null {
  const values = columns.map((column) => valueOf(row, column))
  // Where one column is NULL, the others don't matter.
  if (values.includes(null)) return null
  const unknown = columns[values.indexOf(undefined)]
  if (unknown !== undefined) throw unknownKey(node, unknown, which)
  return keyOfColumns(values)
}

function unknownKey(node: TableNode, column: string, which: 'old' | 'new'): CaptureError {
  const fix =
    which === 'old'
      ? `Run: ALTER TABLE ${quoteTable(node.table)} REPLICA IDENTITY FULL; and let the source pass the old row on whole.`
      : 'Let the source pass the new row on with this column.'
  return new CaptureError(
    'EVENT_VALUE_UNKNOWN',
    `Column "${column}" of ${displayTableName(node.table)} is missing from the ${which} row of an event, so the objects ` +
      `that it belongs to can't be found. ${fix}`,
  )
}

/** NULL links to nothing; one key is looked up once. */
function present(keys: readonly (string | null)[]): string[] {
  return [...new Set(keys.filter((key) => key !== null))]
}

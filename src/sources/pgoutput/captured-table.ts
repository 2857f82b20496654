import type { CaptureError } from '../../core/errors/capture-error.ts'
import type { RelationMessage, Row } from './message.ts'
import type { RowLayout } from './parse-message.ts'
import type { RequiredTable } from './required-table.ts'
import { findOldRowProblem } from './old-row-problem.ts'

/** A table that is being captured, as its last Relation message described it. */
export interface CapturedTable extends RowLayout {
  readonly schema: string
  readonly table: string
  /** Why an UPDATE or DELETE does not tell all old values that are needed. */
  readonly oldRowProblem: CaptureError | undefined
}

export function captureTable(relation: RelationMessage, requirement: RequiredTable): CapturedTable {
  const { schema, table, columns } = relation
  const Row = rowClass()
  return {
    schema,
    table,
    columns: columns.map((column) => column.name),
    keys: columns.map((column) => column.isKey),
    oldRowProblem: findOldRowProblem({
      schema,
      table,
      columns: columns.map((column) => column.name),
      identity: relation.replicaIdentity,
      identityColumns: columns.filter((column) => column.isKey).map((column) => column.name),
      oldColumns: requirement.oldColumns,
    }),
    newRow: () => new Row(),
  }
}

/**
 * A row inherits nothing, so that no column's name finds what was not sent: neither `constructor` nor `__proto__`.
 * By a constructor, since V8 keeps what `Object.create(null)` makes as a hash table, which is several times slower.
 */
function rowClass(): new () => Row {
  const RowOfTable = function (): void {}
  RowOfTable.prototype = Object.create(null) as object
  return RowOfTable as unknown as new () => Row
}

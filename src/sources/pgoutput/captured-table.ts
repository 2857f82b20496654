import type { CaptureError } from '../../core/errors/capture-error.ts'
import type { RelationMessage, Row } from './message.ts'
import { findOldRowProblem } from './old-row-problem.ts'
import type { RowLayout } from './parse-message.ts'
import type { RequiredTable } from './required-table.ts'

/** A table that is being captured, as its last Relation message described it. */
export interface CapturedTable extends RowLayout {
  readonly schema: string
  readonly table: string
  /** Why an UPDATE or DELETE does not tell all old values that are needed. */
  readonly oldRowProblem: CaptureError | undefined
}

/**
 * Combines what a table is in the stream with what is asked of it. Rows of a partitioned table come under its name, yet
 * with the old values that the identity of their own partition gives, so only what all of them tell counts.
 */
export function captureTable(
  relation: RelationMessage,
  partitions: readonly RelationMessage[],
  required: RequiredTable,
): CapturedTable {
  const { schema, table } = relation
  const columns = relation.columns.map((column) => column.name)
  const tellers = [relation, ...partitions].map((teller) => ({
    schema: teller.schema,
    table: teller.table,
    identity: teller.replicaIdentity,
    identityColumns: teller.columns.filter((column) => column.isKey).map((column) => column.name),
  }))
  const Row = rowClass()
  return {
    schema,
    table,
    columns,
    read: columns.map((column) => required.columns?.includes(column) ?? true),
    keys: columns.map((column) => tellers.every((teller) => teller.identityColumns.includes(column))),
    hasFullOldRows: tellers.every((teller) => teller.identity === 'f'),
    oldRowProblem: tellers
      .map((teller) => findOldRowProblem({ ...teller, columns, oldColumns: required.oldColumns }))
      .find((problem) => problem !== undefined),
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

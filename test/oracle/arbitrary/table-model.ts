import type { ColumnType, Family } from './column-types.ts'

export interface ColumnModel {
  readonly name: string
  readonly role: 'key' | 'code' | 'link' | 'shown' | 'unread'
  readonly type: ColumnType
  /** Of columns that can link; null for those that are only shown. */
  readonly family: Family | null
  readonly notNull: boolean
  /** Whether two rows can never be equal in it, or can be within a transaction. By a trigger, no foreign key can point to it. */
  readonly unique: 'no' | 'always' | 'at commit' | 'by trigger'
  readonly target: { readonly table: TableModel; readonly column: ColumnModel } | null
  /** The actions of a real foreign key to the target; null where none stands. */
  readonly foreignKey: string | null
}

export interface TableModel {
  readonly schema: string
  readonly table: string
  readonly columns: ColumnModel[]
  /** How many of the key's values have a row from the start. */
  readonly seeded: number
  /** Null where it has no partitions. */
  division: Division | null
}

/** By what a table is divided into partitions. */
export interface Division {
  readonly column: ColumnModel
  readonly method: 'HASH' | 'LIST' | 'RANGE'
  /** What each partition takes, as in CREATE TABLE. */
  readonly bounds: readonly string[]
}

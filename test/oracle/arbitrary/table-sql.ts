import { plainValues } from './column-types.ts'
import { numberOf, partitionNames, primaryKeyOf, uniqueKeyStatements } from './division.ts'
import { literal, quoted, quotedTable } from './names.ts'
import type { Picks } from './picks.ts'
import type { ColumnModel, TableModel } from './table-model.ts'

/** The statements that create a table whose old rows tell the values of the needed columns, and often no others. */
export function createStatements(table: TableModel, needed: readonly string[], picks: Picks): string[] {
  const name = quotedTable(table)
  const lines = table.columns.map(
    (column) => `${quoted(column.name)} ${column.type.sql}${column.notNull ? ' NOT NULL' : ''}`,
  )
  const key = primaryKeyOf(table)
  if (key.length > 0) lines.push(`PRIMARY KEY (${key.map((column) => quoted(column.name)).join(', ')})`)
  for (const column of table.columns) {
    if (column.role !== 'code') continue
    const deferrable = column.unique === 'at commit' ? ' DEFERRABLE INITIALLY DEFERRED' : ''
    lines.push(`UNIQUE (${quoted(column.name)})${deferrable}`)
  }
  const external = table.columns.filter(({ type }) => type.sql === 'text')
  const { division } = table
  const partitions = partitionsOf(table)
  const divided = division && ` PARTITION BY ${division.method} (${quoted(division.column.name)})`
  return [
    `CREATE TABLE ${name} (${lines.join(', ')})${divided ?? ''}`,
    ...partitions.map(
      (partition, number) => `CREATE TABLE ${partition} PARTITION OF ${name} ${division?.bounds[number]}`,
    ),
    ...uniqueKeyStatements(table),
    ...external.map((column) => `ALTER TABLE ${name} ALTER ${quoted(column.name)} SET STORAGE EXTERNAL`),
    ...replicaIdentity(table, needed, picks, partitions),
  ]
}

function partitionsOf(table: TableModel): string[] {
  const names = partitionNames(table, table.division?.bounds.length ?? 0)
  return names.map((name) => quotedTable({ schema: table.schema, table: name }))
}

function replicaIdentity(
  table: TableModel,
  needed: readonly string[],
  picks: Picks,
  partitions: readonly string[],
): string[] {
  const name = quotedTable(table)
  const key = keyOf(table)
  const primary = primaryKeyOf(table).map((column) => column.name)
  if (primary.length > 0 && needed.every((column) => primary.includes(column)) && picks.chance(50)) return []
  const columns = table.columns.filter((column) => column === key || needed.includes(column.name))
  if (partitions.length === 0 && columns.every(({ notNull }) => notNull) && picks.chance(50)) {
    // Unlike any index of the tables that earlier cases have left.
    const index = `oracle_identity_${numberOf(table)}`
    return [
      `CREATE UNIQUE INDEX ${index} ON ${name} (${columns.map((column) => quoted(column.name)).join(', ')})`,
      `ALTER TABLE ${name} REPLICA IDENTITY USING INDEX ${index}`,
    ]
  }
  return [name, ...partitions].map((one) => `ALTER TABLE ${one} REPLICA IDENTITY FULL`)
}

/** The rows from before the first step. Where a foreign key stands, what they point to is there. */
export function seedStatements(table: TableModel, picks: Picks): string[] {
  const columns = table.columns.map(({ name }) => quoted(name)).join(', ')
  return Array.from({ length: table.seeded }, (_, row) => {
    const values = table.columns.map((column) => literal(seededValue(column, row, picks), column.type.cast))
    return `INSERT INTO ${quotedTable(table)} (${columns}) VALUES (${values.join(', ')})`
  })
}

function seededValue(column: ColumnModel, row: number, picks: Picks): string | null {
  const { role, type, target, foreignKey, notNull } = column
  if (role === 'key') return type.values[row] ?? null
  if (role === 'code') {
    const value = plainValues(type)[row] ?? null
    return notNull || picks.chance(70) ? value : null
  }
  if (target === null) return picks.chance(20) ? null : picks.of(type.values)
  if (!notNull && picks.chance(20)) return null
  if (foreignKey === null) return picks.chance(85) ? picks.of(plainValues(type)) : picks.of(type.values)
  const { seeded } = target.table
  // A code of the row pointed to may be NULL; the key is always there.
  if (seeded === 0 || target.column.role !== 'key') return null
  return picks.of(target.column.type.values.slice(0, seeded))
}

export function foreignKeyStatements(table: TableModel): string[] {
  return table.columns.flatMap(({ name, target, foreignKey }) => {
    if (target === null || foreignKey === null) return []
    const referenced = `${quotedTable(target.table)} (${quoted(target.column.name)})`
    return [
      `ALTER TABLE ${quotedTable(table)} ADD FOREIGN KEY (${quoted(name)}) REFERENCES ${referenced} ${foreignKey}`,
    ]
  })
}

export function keyOf(table: TableModel): ColumnModel {
  return table.columns[0] as ColumnModel
}

import { keyTypes, plainValues } from './column-types.ts'
import { quoted, quotedTable, tableNames } from './names.ts'
import type { Picks } from './picks.ts'
import type { ColumnModel, Division, TableModel } from './table-model.ts'

/** No table has more partitions. */
export const MOST_PARTITIONS = 3

/** By the key, or by any other column, often one that links. */
export function divisionOf({ columns }: TableModel, by: 'key' | 'another', picks: Picks): Division {
  const [key, ...others] = columns
  const links = others.filter(({ role }) => role === 'link')
  const possible = others.filter(
    ({ role, type }) => role === 'unread' || keyTypes.some((one) => one === type),
  )
  const other = picks.of(links.length > 0 && picks.chance(70) ? links : possible)
  const column = by === 'key' && key !== undefined ? key : other
  const method = picks.weighted({ HASH: by === 'key' ? 2 : 0, LIST: 1, RANGE: 1 })
  return { column, method, bounds: boundsOf(column, method) }
}

function boundsOf({ type, notNull }: ColumnModel, method: Division['method']): string[] {
  const [one, two = one, three = two] = plainValues(type).map(bound)
  switch (method) {
    case 'HASH':
      return [0, 1].map((remainder) => `FOR VALUES WITH (MODULUS 2, REMAINDER ${remainder})`)
    case 'LIST': {
      const lists = type.cast === 'boolean' ? [one] : [`${one}, ${two}`, three]
      return [...lists.map((values) => `FOR VALUES IN (${values})`), 'DEFAULT']
    }
    case 'RANGE': {
      const halves = [`FROM (MINVALUE) TO (${three})`, `FROM (${three}) TO (MAXVALUE)`]
      // A range has no NULL in it.
      return [...halves.map((half) => `FOR VALUES ${half}`), ...(notNull ? [] : ['DEFAULT'])]
    }
    default:
      return method satisfies never
  }
}

function bound(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

/** Unlike those of any other table: earlier cases have left some. */
export function partitionNames(table: Pick<TableModel, 'schema' | 'table'>, count: number): string[] {
  return Array.from({ length: count }, (_, number) => `oracle_part_${numberOf(table)}_${number}`)
}

/** Under which names events may come: those of all tables, and of all partitions that one may have. */
export function eventNames(): { schema: string; table: string }[] {
  return tableNames.flatMap(({ schema, table }) => [
    { schema, table },
    ...partitionNames({ schema, table }, MOST_PARTITIONS).map((name) => ({ schema, table: name })),
  ])
}

/** The table that a partition belongs to; any other name as it is. */
export function dividedTable(name: { readonly schema: string; readonly table: string }): typeof name {
  const [, number] = /^oracle_part_(\d+)_\d+$/.exec(name.table) ?? []
  return tableNames[Number(number)] ?? name
}

/** Which of the tables of all cases it is. */
export function numberOf(table: Pick<TableModel, 'schema' | 'table'>): number {
  return tableNames.findIndex((other) => quotedTable(other) === quotedTable(table))
}

/** The columns of the primary key: Postgres wants what divides a table among them. None where that may be NULL. */
export function primaryKeyOf({ columns, division }: TableModel): readonly ColumnModel[] {
  const [key] = columns
  if (key === undefined) return []
  if (division === null || division.column === key) return [key]
  return division.column.notNull ? [key, division.column] : []
}

/** What keeps the key unique through all partitions, where no constraint can. */
export function uniqueKeyStatements(table: TableModel): string[] {
  const [key] = table.columns
  if (key?.unique !== 'by trigger') return []
  const name = quotedTable(table)
  const trigger = `oracle_once_${numberOf(table)}`
  const column = quoted(key.name)
  return [
    `CREATE OR REPLACE FUNCTION ${trigger}() RETURNS trigger LANGUAGE plpgsql AS $oracle$ BEGIN ` +
      `PERFORM pg_advisory_xact_lock(${numberOf(table)}); ` +
      `IF (SELECT count(*) > 1 FROM ${name} WHERE ${column} = NEW.${column}) THEN RAISE unique_violation; END IF; ` +
      'RETURN NULL; END $oracle$',
    `CREATE TRIGGER ${trigger} AFTER INSERT OR UPDATE OF ${column} ON ${name} FOR EACH ROW EXECUTE FUNCTION ${trigger}()`,
  ]
}

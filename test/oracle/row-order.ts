import type { Condition, OneToManySchema, Schema } from 'pg-capture'
import { compareValues } from './compare-values.ts'
import type { ScriptTable } from './script.ts'
import type { TableRow } from './table-state.ts'

type Columns = Pick<ScriptTable, 'columns'>
type Compare = (left: string, right: string) => number

/** Of types in which equal values are equal bytes: how the bytes compare. */
const BYTES: Readonly<Record<string, Compare>> = {
  int: integerBytes,
  bigint: integerBytes,
  uuid: textBytes,
  boolean: textBytes,
  text: textBytes,
  'varchar(80)': textBytes,
}

/** The rows in the order of the array, as far as it is told here, and as many as it wants. */
export function firstRows(
  schema: OneToManySchema,
  table: ScriptTable,
  rows: readonly TableRow[],
): readonly TableRow[] {
  const orders = [schema.orderBy ?? []].flat().map(({ column, direction = 'asc', nulls }) => ({
    column,
    nullsFirst: (nulls ?? (direction === 'asc' ? 'last' : 'first')) === 'first',
    compare: (left: string, right: string): number => {
      const compared = compareValues(typeOf(table, column), left, right)
      return direction === 'asc' ? compared : -compared
    },
  }))
  const rest = isOrderedByKey(schema, table) ? [] : restOfOrder(schema, table)
  if (rest === undefined && schema.limit !== undefined)
    throw new Error('It is not told which rows come first.')
  const bytes = (rest ?? []).map((column) => ({
    column,
    nullsFirst: false,
    compare: BYTES[typeOf(table, column)] ?? textBytes,
  }))
  const ordered = rows.toSorted((left, right) => {
    for (const { column, nullsFirst, compare } of [...orders, ...bytes]) {
      const [one = null, other = null] = [left.get(column)?.text, right.get(column)?.text]
      if (one === other) continue
      if (one === null || other === null) return (one === null) === nullsFirst ? -1 : 1
      const compared = compare(one, other)
      if (compared !== 0) return compared
    }
    return 0
  })
  return ordered.slice(0, schema.limit)
}

/** Whether no two rows are equal in `orderBy`. The key comes first in every table. */
export function isOrderedByKey({ orderBy = [] }: OneToManySchema, { columns: [key] }: Columns): boolean {
  return [orderBy].flat().some(({ column }) => column === key?.name)
}

/**
 * By which column rows are ordered that are equal in `orderBy`: that of the columns read, as bytes. It is told where the
 * columns read differ in one column at most, of a type whose bytes are known here; `undefined` where it is not told.
 */
export function restOfOrder(schema: OneToManySchema, table: Columns): readonly string[] | undefined {
  const read = columnsRead(schema)
  const told = [
    [schema.referencingColumn].flat(),
    [schema.orderBy ?? []].flat().map(({ column }) => column),
  ].flat()
  if (read === undefined) return undefined
  const rest = [...new Set(read)].filter((column) => !told.includes(column))
  const haveBytes = [...told, ...rest].every((column) => Object.hasOwn(BYTES, typeOf(table, column)))
  return haveBytes && rest.length <= 1 ? rest : undefined
}

/** The columns of its own rows, but for those that link and order; `undefined` where rows of other tables are elements. */
function columnsRead({ schema, where = {}, flatten }: OneToManySchema): string[] | undefined {
  if (flatten !== false && yieldsArray(schema)) return undefined
  return [...columnsOf(schema), ...columnsIn(where)]
}

function columnsOf(schema: Schema): string[] {
  switch (schema.type) {
    case 'column':
      return [schema.column]
    case 'expression':
      return [...schema.columns]
    case 'object':
      return Object.values(schema.properties).flatMap(columnsOf)
    case 'many-to-one':
    case 'one-to-many':
    case 'aggregate':
      return [schema.column].flat()
    default:
      return schema satisfies never
  }
}

function columnsIn(condition: Condition): string[] {
  return Object.entries(condition).flatMap(([name, test]) =>
    Array.isArray(test) ? (test as readonly Condition[]).flatMap(columnsIn) : [name],
  )
}

function yieldsArray(schema: Schema): boolean {
  return schema.type === 'one-to-many' || (schema.type === 'many-to-one' && yieldsArray(schema.schema))
}

function typeOf({ columns }: Columns, column: string): string {
  return columns.find(({ name }) => name === column)?.type ?? 'unknown'
}

/** Negative ones come last. */
function integerBytes(left: string, right: string): number {
  const [one, other] = [left, right].map((text) => BigInt.asUintN(64, BigInt(text))) as [bigint, bigint]
  return one < other ? -1 : one > other ? 1 : 0
}

function textBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

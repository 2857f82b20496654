import type {
  AggregateSchema,
  Condition,
  ExpressionSchema,
  Key,
  ManyToOneSchema,
  OneToManySchema,
  RootSchema,
  Schema,
  TableReference,
} from 'pg-capture'
import { FOLDING_COLLATION } from './arbitrary/column-types.ts'
import { aggregated, type AggregatedValue } from './aggregate-values.ts'
import { expressionValue } from './expressions.ts'
import { conditionHolds } from './condition-holds.ts'
import { heldValue } from './held-value.ts'
import { firstRows, isOrderedByKey, restOfOrder } from './row-order.ts'
import type { ScriptTable } from './script.ts'
import type { Cell, TableRow, TableState } from './table-state.ts'

/**
 * What the objects have to be: the schema evaluated over dumped rows by plain loops, id to object. Nothing of it is shared
 * with the package; it is read off the documented meaning of each kind of schema.
 *
 * Not every order of an array is told here: compare by `canonicalText`.
 */
export function evaluate(schema: RootSchema, state: TableState): Map<string, unknown> {
  const evaluation = new Evaluation(state)
  const { table, rows } = evaluation.rowsOf(schema.table)
  const roots = rows.filter((row) => isMet(schema.where, table, row))
  return new Map(
    roots.map((row) => [
      idOf(row, [schema.primaryKey].flat()),
      evaluation.value(schema.schema, table, row) ?? null,
    ]),
  )
}

/** The text of the key's only column, or the JSON array of those of all. */
function idOf(row: TableRow, columns: readonly string[]): string {
  const texts = columns.map((column) => cell(row, column).text)
  if (texts.includes(null)) throw new Error('A root row has no id.')
  return texts.length === 1 ? String(texts[0]) : JSON.stringify(texts)
}

/** For each row of the table, how many rows its link points to; `null` where the link is NULL. */
export function linkedRows(
  state: TableState,
  reference: TableReference,
  { column, referencesTable, referencesColumn }: ManyToOneSchema,
): (number | null)[] {
  const evaluation = new Evaluation(state)
  const { table, rows } = evaluation.rowsOf(reference)
  return rows.map((row) =>
    [column].flat().some((name) => cell(row, name).text === null)
      ? null
      : evaluation.linked(table, row, column, referencesTable, referencesColumn).rows.length,
  )
}

class Evaluation {
  readonly #state: TableState

  constructor(state: TableState) {
    this.#state = state
  }

  rowsOf(reference: TableReference): { table: ScriptTable; rows: readonly TableRow[] } {
    const named = tableOf(
      this.#state.rows.map(({ table }) => table),
      reference,
    )
    const found = this.#state.rows.find(({ table }) => table === named)
    return { table: named, rows: found?.rows ?? [] }
  }

  /** `undefined` stands for NULL, which is not the same as the JSON value `null`. */
  value(schema: Schema, table: ScriptTable, row: TableRow): unknown {
    switch (schema.type) {
      case 'column': {
        const { json } = castTo(schema.cast, cell(row, schema.column))
        return json === null ? undefined : heldValue(json)
      }
      case 'expression':
        return expressed(schema, row)
      case 'object':
        return Object.fromEntries(
          Object.entries(schema.properties).map(([name, of]) => [name, this.value(of, table, row) ?? null]),
        )
      case 'many-to-one': {
        const target = this.#referenced(schema, table, row)
        if (target.rows.length > 1) throw new Error('A referenced column is not unique.')
        const [only] = target.rows
        return only === undefined ? undefined : this.value(schema.schema, target.table, only)
      }
      case 'one-to-many': {
        const elements = this.#elements(schema, table, row)
        return elements.flatMap((element) =>
          element === undefined ? (schema.keepNulls === true ? [null] : []) : [element],
        )
      }
      case 'aggregate':
        return this.#aggregate(schema, table, row)
      default:
        return schema satisfies never
    }
  }

  #aggregate(schema: AggregateSchema, table: ScriptTable, row: TableRow): unknown {
    const { column, referencingTable, referencingColumn, where, schema: inner } = schema
    const children = this.linked(table, row, column, referencingTable, referencingColumn, where)
    if (inner === undefined) {
      return schema.function === 'count' ? children.rows.length : children.rows.length > 0
    }
    const values = children.rows.flatMap((child) => this.#valuesInside(inner, children.table, child))
    return aggregated(schema.function, values)
  }

  #valuesInside(schema: Schema, table: ScriptTable, row: TableRow): AggregatedValue[] {
    switch (schema.type) {
      case 'column': {
        const { text, json } = castTo(schema.cast, cell(row, schema.column))
        return text === null ? [] : [{ type: schema.cast ?? typeOf(table, schema.column), text, json }]
      }
      case 'many-to-one': {
        const target = this.#referenced(schema, table, row)
        return target.rows.flatMap((one) => this.#valuesInside(schema.schema, target.table, one))
      }
      case 'one-to-many': {
        const { column, referencingTable, referencingColumn, where } = schema
        const children = this.linked(table, row, column, referencingTable, referencingColumn, where)
        return firstRows(schema, children.table, children.rows).flatMap((child) =>
          this.#valuesInside(schema.schema, children.table, child),
        )
      }
      case 'expression': {
        const value = expressed(schema, row)
        return value === undefined
          ? []
          : [{ type: 'unknown', text: String(value), json: JSON.stringify(value) }]
      }
      default:
        throw new Error('The evaluation aggregates single values alone.')
    }
  }

  /** All elements with NULL among them. An array directly inside gives its own instead, unless that is switched off. */
  #elements(schema: OneToManySchema, table: ScriptTable, row: TableRow): unknown[] {
    const { column, referencingTable, referencingColumn, schema: inner } = schema
    const children = this.linked(table, row, column, referencingTable, referencingColumn, schema.where)
    return firstRows(schema, children.table, children.rows).flatMap((child) => {
      if (schema.flatten === false || !isArray(inner)) return [this.value(inner, children.table, child)]
      return this.#elementsInside(inner, children.table, child)
    })
  }

  #elementsInside(schema: Schema, table: ScriptTable, row: TableRow): unknown[] {
    if (schema.type === 'one-to-many') return this.#elements(schema, table, row)
    if (schema.type !== 'many-to-one') throw new Error('There is no array inside.')
    const target = this.#referenced(schema, table, row)
    return target.rows.flatMap((one) => this.#elementsInside(schema.schema, target.table, one))
  }

  #referenced(
    { column, referencesTable, referencesColumn, where }: ManyToOneSchema,
    table: ScriptTable,
    row: TableRow,
  ): { table: ScriptTable; rows: readonly TableRow[] } {
    return this.linked(table, row, column, referencesTable, referencesColumn, where)
  }

  linked(
    table: ScriptTable,
    row: TableRow,
    column: Key,
    reference: TableReference,
    otherColumn: Key,
    where?: Condition,
  ): { table: ScriptTable; rows: readonly TableRow[] } {
    const other = this.rowsOf(reference)
    const keyOf = (of: ScriptTable, one: TableRow, columns: Key): (string | null)[] =>
      [columns].flat().map((name) => comparable(typeOf(of, name), cell(one, name)))
    const key = keyOf(table, row, column)
    const rows = other.rows.filter((one) => {
      const found = keyOf(other.table, one, otherColumn)
      return key.every((value, at) => value !== null && value === found[at]) && isMet(where, other.table, one)
    })
    return { table: other.table, rows }
  }
}

function isMet(where: Condition | undefined, table: ScriptTable, row: TableRow): boolean {
  return (
    where === undefined ||
    conditionHolds(where, (column) => {
      const type = typeOf(table, column)
      return {
        value: comparable(type, cell(row, column)),
        comparable: (text) => comparable(type, { text }),
      }
    })
  )
}

/** Whether the schema yields an array: a one-to-many, at once or at the end of many-to-ones. */
export function isArray(schema: Schema): boolean {
  return schema.type === 'one-to-many' || (schema.type === 'many-to-one' && isArray(schema.schema))
}

/**
 * A text that is equal for equal objects: elements of one-to-many are sorted where their order is not told here, and all else,
 * arrays in columns included, is as it is. What is not of the schema's shape is shown as it is.
 */
export function canonicalText(schema: Schema, value: unknown, tables: readonly ScriptTable[]): string {
  return JSON.stringify(canonical(schema, value, tables))
}

function canonical(schema: Schema, value: unknown, tables: readonly ScriptTable[]): unknown {
  switch (schema.type) {
    case 'column':
    case 'expression':
    case 'aggregate':
      return value
    case 'object': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
      const parts = Object.entries(value).map(([name, part]) => {
        const of = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined
        return [name, of === undefined ? part : canonical(of, part, tables)] as const
      })
      return Object.fromEntries(parts)
    }
    case 'many-to-one':
      return value === null ? null : canonical(schema.schema, value, tables)
    case 'one-to-many': {
      if (!Array.isArray(value)) return value
      const element = elementSchema(schema)
      const texts = value.map((item) => canonicalText(element, item, tables))
      return (isOrdered(schema, tables) ? texts : texts.sort()).map((text) => JSON.parse(text) as unknown)
    }
    default:
      return schema satisfies never
  }
}

/** Whether the order of all elements is told. */
function isOrdered(schema: OneToManySchema, tables: readonly ScriptTable[]): boolean {
  const table = tableOf(tables, schema.referencingTable)
  const inside = schema.flatten === false ? null : arrayInside(schema.schema)
  const isByKey = isOrderedByKey(schema, table)
  if (inside !== null) return isByKey && isOrdered(inside, tables)
  return isByKey || restOfOrder(schema, table) !== undefined
}

/** The array directly inside, if there is one. */
function arrayInside(schema: Schema): OneToManySchema | null {
  if (schema.type === 'many-to-one') return arrayInside(schema.schema)
  return schema.type === 'one-to-many' ? schema : null
}

function elementSchema({ schema, flatten }: OneToManySchema): Schema {
  const inside = flatten === false ? null : arrayInside(schema)
  return inside === null ? schema : elementSchema(inside)
}

/** The table that a schema names. */
export function tableOf<Table extends Pick<ScriptTable, 'schema' | 'table'>>(
  tables: readonly Table[],
  reference: TableReference,
): Table {
  const found = tables.filter((table) => isNamed(table, reference))
  const [only] = found
  if (only === undefined || found.length > 1) throw new Error('The schema names no table, or two.')
  return only
}

function isNamed(
  { schema, table }: Pick<ScriptTable, 'schema' | 'table'>,
  reference: TableReference,
): boolean {
  if (typeof reference !== 'string') {
    return table === reference.table && schema === (reference.schema ?? 'public')
  }
  const [first = '', ...rest] = reference.split('.')
  return rest.length === 0
    ? schema === 'public' && table === first
    : schema === first && table === rest.join('.')
}

function cell(row: TableRow, column: string): Cell {
  const found = row.get(column)
  if (found === undefined) throw new Error(`There is no column ${column}.`)
  return found
}

/** What an expression makes of the row, cast to text or not at all. */
function expressed(schema: ExpressionSchema, row: TableRow): string | number | undefined {
  const value = expressionValue(
    schema,
    schema.columns.map((column) => cell(row, column)),
  )
  return schema.cast === 'text' && value !== undefined ? String(value) : value
}

/** The casts that are drawn: to text, and of whole numbers to numeric. */
function castTo(type: string | undefined, value: Cell): Pick<Cell, 'text' | 'json'> {
  if (type !== 'text') return value
  return { text: value.castText, json: value.castText === null ? null : JSON.stringify(value.castText) }
}

function typeOf(table: ScriptTable, column: string): string {
  const found = table.columns.find(({ name }) => name === column)
  if (found === undefined) throw new Error(`There is no column ${column}.`)
  return found.type
}

/** Equal for values that Postgres takes as equal, though it may print them differently; `null` equals nothing. */
function comparable(type: string, { text }: Pick<Cell, 'text'>): string | null {
  if (text === null) return null
  switch (type) {
    case 'int':
    case 'bigint':
      return text
    case 'numeric':
      return text.includes('.') ? text.replace(/\.?0+$/, '') : text
    case 'uuid':
      return text.toLowerCase()
    case 'boolean':
      return text.slice(0, 1)
    case 'float8':
      return text === '-0' ? '0' : text
    case 'char(4)':
      return text.trimEnd()
    case 'interval':
      return text === '24:00:00' ? '1 day' : text === '30 days' ? '1 mon' : text
    case `text collate ${FOLDING_COLLATION}`:
      return text.toLowerCase()
    default:
      return text
  }
}

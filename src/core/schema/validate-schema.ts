import { byteLength, MAX_IDENTIFIER_BYTES } from '../sql/identifier.ts'
import { checkCondition } from './check-condition.ts'
import { findContradictions } from './find-contradictions.ts'
import { pathTo } from './path-to.ts'
import type { AggregateFunction, RootSchema, Schema } from './schema.ts'
import { SchemaError, type SchemaIssue } from './schema-error.ts'
import { isTypeName } from './type-name.ts'
import { UNSENDABLE, UNSENDABLE_TEXT } from './unsendable.ts'

type Check = (value: unknown, path: string, issues: Issues) => void
type Fields = Readonly<Record<string, Check>>

const FUNCTIONS: readonly AggregateFunction[] = ['count', 'exists', 'sum', 'min', 'max', 'avg']

/** Keyed by kind, so that a new kind can't be forgotten here. */
const FIELDS: Readonly<Record<Schema['type'], Fields>> = {
  column: { column: checkColumn, cast: optional(checkCast) },
  expression: { sql: checkSql, columns: checkColumns, cast: optional(checkCast) },
  object: { properties: checkProperties },
  'many-to-one': {
    column: checkKey,
    referencesTable: checkTable,
    referencesColumn: checkKey,
    hasFKConstraint: checkBoolean,
    schema: checkSchema,
    where: optional(checkWhere),
  },
  'one-to-many': {
    column: checkKey,
    referencingTable: checkTable,
    referencingColumn: checkKey,
    schema: checkSchema,
    flatten: optional(checkBoolean),
    keepNulls: optional(checkBoolean),
    where: optional(checkWhere),
    orderBy: optional(checkOrders),
    limit: optional(checkLimit),
  },
  aggregate: {
    function: (value, path, issues) => checkOneOf(value, FUNCTIONS, path, issues),
    column: checkKey,
    referencingTable: checkTable,
    referencingColumn: checkKey,
    where: optional(checkWhere),
    schema: optional(checkSchema),
  },
}

const TABLE_FIELDS: Fields = {
  schema: optional((value, path, issues) => checkName(value, path, issues, 'a Postgres schema')),
  table: (value, path, issues) => checkName(value, path, issues, 'a table'),
}

const ORDER_FIELDS: Fields = {
  column: checkColumn,
  direction: optional((value, path, issues) => checkOneOf(value, ['asc', 'desc'], path, issues)),
  nulls: optional((value, path, issues) => checkOneOf(value, ['first', 'last'], path, issues)),
}

const ROOT_FIELDS: Fields = {
  table: checkTable,
  primaryKey: checkKey,
  schema: checkSchema,
  where: optional(checkWhere),
}

/**
 * Refuses a schema that can't work: unknown kinds, missing, misspelt or surplus fields, empty objects, names that
 * Postgres would cut off and so confuse, a schema that holds itself, what can't go together.
 *
 * @throws SchemaError with every problem and its path.
 */
export function validateSchema(schema: RootSchema): void {
  const issues = new Issues()
  if (isRecord(schema)) checkFields(schema, ROOT_FIELDS, '', issues, [])
  else issues.add('the schema', 'has to be an object with table, primaryKey and schema')
  const found = issues.list.length > 0 ? issues.list : findContradictions(schema.schema)
  if (found.length > 0) throw new SchemaError(found)
}

class Issues {
  readonly list: SchemaIssue[] = []
  /** The schemas that hold the one being checked, so that a circle is found and not followed. */
  readonly open = new Set<object>()

  add(path: string, message: string): void {
    this.list.push({ path, message })
  }
}

function checkFields(
  value: Record<string, unknown>,
  fields: Fields,
  path: string,
  issues: Issues,
  others: readonly string[],
): void {
  for (const [name, check] of Object.entries(fields)) check(value[name], pathTo(path, name), issues)
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(fields, name) || others.includes(name)) continue
    issues.add(
      pathTo(path, name),
      `is no field here; the fields are ${[...others, ...Object.keys(fields)].join(', ')}`,
    )
  }
}

function checkSchema(value: unknown, path: string, issues: Issues): void {
  if (!isRecord(value)) return issues.add(path, 'has to be a schema, an object with a "type"')
  if (issues.open.has(value)) return issues.add(path, 'holds itself; a schema has to end somewhere')
  const fields = typeof value['type'] === 'string' && Object.hasOwn(FIELDS, value['type']) && value['type']
  if (fields === false) {
    return issues.add(pathTo(path, 'type'), `has to be one of ${Object.keys(FIELDS).join(', ')}`)
  }
  issues.open.add(value)
  checkFields(value, FIELDS[fields as Schema['type']], path, issues, ['type'])
  issues.open.delete(value)
}

function checkProperties(value: unknown, path: string, issues: Issues): void {
  if (!isRecord(value)) return issues.add(path, 'has to be an object from property names to schemas')
  const names = Object.keys(value)
  if (names.length === 0) issues.add(path, 'is empty; an object needs at least one property')
  for (const name of names) {
    if (UNSENDABLE.test(name)) issues.add(pathTo(path, name), `has in its name ${UNSENDABLE_TEXT}`)
    else checkSchema(value[name], pathTo(path, name), issues)
  }
}

function checkTable(value: unknown, path: string, issues: Issues): void {
  if (!isRecord(value)) {
    if (typeof value !== 'string' || value === '') return issues.add(path, 'has to be the name of a table')
    const dot = value.indexOf('.')
    const names = dot === -1 ? [value] : [value.slice(0, dot), value.slice(dot + 1)]
    for (const name of names) checkName(name, path, issues, 'a table')
    return
  }
  checkFields(value, TABLE_FIELDS, path, issues, [])
}

function checkColumn(value: unknown, path: string, issues: Issues): void {
  checkName(value, path, issues, 'a column')
}

function checkKey(value: unknown, path: string, issues: Issues): void {
  if (!Array.isArray(value)) return checkColumn(value, path, issues)
  if (value.length === 0) issues.add(path, 'is empty; a key has at least one column')
  checkColumns(value, path, issues)
}

function checkColumns(value: unknown, path: string, issues: Issues): void {
  if (!Array.isArray(value)) return issues.add(path, 'has to be a list of names of columns')
  value.forEach((column, index) => checkColumn(column, `${path}[${index}]`, issues))
  if (new Set(value).size < value.length) issues.add(path, 'has a column twice')
}

function checkSql(value: unknown, path: string, issues: Issues): void {
  if (typeof value !== 'string' || value.trim() === '')
    return issues.add(path, 'has to be an expression in SQL')
  if (UNSENDABLE.test(value)) issues.add(path, `has ${UNSENDABLE_TEXT}`)
}

function checkCast(value: unknown, path: string, issues: Issues): void {
  if (typeof value === 'string' && isTypeName(value)) return
  issues.add(
    path,
    `has to be the name of a type of one word, like 'text', 'numeric(10,2)', 'int[]' or 'library."Odd"'`,
  )
}

function checkWhere(value: unknown, path: string, issues: Issues): void {
  checkCondition(
    value,
    path,
    (at, message) => issues.add(at, message),
    (name, at) => checkColumn(name, at, issues),
  )
}

function checkName(value: unknown, path: string, issues: Issues, what: string): void {
  if (typeof value !== 'string' || value === '') return issues.add(path, `has to be the name of ${what}`)
  if (UNSENDABLE.test(value)) return issues.add(path, `has ${UNSENDABLE_TEXT}`)
  const bytes = byteLength(value)
  if (bytes > MAX_IDENTIFIER_BYTES) {
    issues.add(path, `has ${bytes} bytes; Postgres cuts names off after ${MAX_IDENTIFIER_BYTES}`)
  }
}

function checkBoolean(value: unknown, path: string, issues: Issues): void {
  if (typeof value !== 'boolean') issues.add(path, 'has to be true or false')
}

function checkOrders(value: unknown, path: string, issues: Issues): void {
  if (!Array.isArray(value)) return checkOrder(value, path, issues)
  value.forEach((one, index) => checkOrder(one, `${path}[${index}]`, issues))
}

function checkOrder(value: unknown, path: string, issues: Issues): void {
  if (!isRecord(value)) return issues.add(path, 'has to be an order, { column: … }, or a list of them')
  checkFields(value, ORDER_FIELDS, path, issues, [])
}

function checkOneOf(value: unknown, allowed: readonly string[], path: string, issues: Issues): void {
  if (!allowed.includes(value as string)) issues.add(path, `has to be one of ${allowed.join(', ')}`)
}

function checkLimit(value: unknown, path: string, issues: Issues): void {
  if (!Number.isSafeInteger(value) || Number(value) < 1) issues.add(path, 'has to be a whole number from 1')
}

function optional(check: Check): Check {
  return (value, path, issues) => {
    if (value !== undefined) check(value, path, issues)
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

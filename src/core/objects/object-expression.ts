import type { Output, Plan, TableNode } from '../schema/plan.ts'
import { quoteIdentifier, quoteLiteral, quoteTable } from '../sql/identifier.ts'
import { TableAliases } from '../sql/table-aliases.ts'

/** The SQL that makes an object of a row. */
export interface ObjectSql {
  readonly alias: string
  /** `"book" AS "book_1"` */
  readonly from: string
  /** ` LEFT JOIN ( … ) AS "author_2" ON …` for each row that the object points to. */
  readonly joins: string
  readonly expression: string
}

/** A function of Postgres takes 100 arguments. */
const PROPERTIES_PER_CALL = 50

/** The SQL of a plan's objects; `expression` is of type json also where the object is a single value. */
export function objectSql(plan: Plan): ObjectSql {
  const writer = new ObjectWriter()
  const row = writer.row(plan.root)
  return isJson(plan.root.output) ? row : { ...row, expression: `TO_JSON(${row.expression})` }
}

function isJson(output: Output): boolean {
  return output.kind === 'object' || output.kind === 'rows'
}

class ObjectWriter {
  readonly #aliases = new TableAliases()

  row(node: TableNode): ObjectSql {
    const alias = this.#aliases.next(node.table.table)
    const joins: string[] = []
    const expression = this.#value(node.output, alias, joins)
    return { alias, from: `${quoteTable(node.table)} AS ${alias}`, joins: joins.join(''), expression }
  }

  #value(output: Output, alias: string, joins: string[]): string {
    switch (output.kind) {
      case 'column':
        return `${alias}.${quoteIdentifier(output.column)}`
      case 'object':
        return jsonObject(
          output.properties.map(([name, of]) => [name, this.#value(of, alias, joins)] as const),
        )
      case 'row':
        return this.#joinedRow(output.node, alias, joins)
      case 'rows':
        return this.#array(output.node, alias)
      default:
        return output satisfies never
    }
  }

  /** A sub-select joined as a whole, so that a missing row yields NULL for all that hangs on it. */
  #joinedRow(node: TableNode, parentAlias: string, joins: string[]): string {
    const inner = this.row(node)
    const alias = this.#aliases.next(node.table.table)
    const { parentColumn, childColumn } = linkOf(node)
    const key = quoteIdentifier(childColumn === 'object' ? 'key' : childColumn)
    joins.push(
      ` LEFT JOIN (SELECT ${inner.alias}.${quoteIdentifier(childColumn)} AS ${key}, ${inner.expression} AS "object"` +
        ` FROM ${inner.from}${inner.joins}) AS ${alias}` +
        ` ON ${parentAlias}.${quoteIdentifier(parentColumn)} = ${alias}.${key}`,
    )
    return `${alias}."object"`
  }

  /**
   * A correlated sub-select: Postgres reads just the children of this parent, by index, also where a batch holds
   * thousands of parents. Joining a grouped sub-query would aggregate the whole child table for each build.
   */
  #array(node: TableNode, parentAlias: string): string {
    const { parentColumn, childColumn } = linkOf(node)
    const first = this.#aliases.next(node.table.table)
    const chain = this.#flatten(node, first)
    // IS NOT NULL would be false for a composite value of which one part is NULL.
    const onlyPresent = isJson(chain.output)
      ? ''
      : ` FILTER (WHERE ${chain.expression} IS DISTINCT FROM NULL)`
    const order = `ORDER BY ROW(${chain.order.join(', ')}) USING OPERATOR(pg_catalog.*<)`
    return (
      `(SELECT COALESCE(JSON_AGG(${chain.expression} ${order})${onlyPresent}, '[]'::json)` +
      ` FROM ${quoteTable(node.table)} AS ${first}${chain.joins}` +
      ` WHERE ${first}.${quoteIdentifier(childColumn)} = ${parentAlias}.${quoteIdentifier(parentColumn)})`
    )
  }

  /**
   * The elements of an array. A one-to-many directly inside, through any number of many-to-one, is joined instead of
   * nested: that is its flattening.
   *
   * The elements' order is that of all columns read, compared as the bytes they are (`record_image_ops`): every type has
   * this order, json too, and rows that are equal in all columns read give equal elements. So equal data gives equal arrays.
   */
  #flatten(
    node: TableNode,
    alias: string,
  ): { expression: string; joins: string; order: string[]; output: Output } {
    const order = node.columns.map((column) => `${alias}.${quoteIdentifier(column)}`)
    const { output } = node
    if (holdsRows(output)) {
      const { parentColumn, childColumn } = linkOf(output.node)
      const childAlias = this.#aliases.next(output.node.table.table)
      const below = this.#flatten(output.node, childAlias)
      const join =
        ` JOIN ${quoteTable(output.node.table)} AS ${childAlias}` +
        ` ON ${childAlias}.${quoteIdentifier(childColumn)} = ${alias}.${quoteIdentifier(parentColumn)}`
      return { ...below, joins: join + below.joins, order: [...order, ...below.order] }
    }
    const joins: string[] = []
    const expression = this.#value(output, alias, joins)
    return { expression, joins: joins.join(''), order, output }
  }
}

function holdsRows(output: Output): output is Extract<Output, { kind: 'row' | 'rows' }> {
  if (output.kind === 'rows') return true
  return output.kind === 'row' && holdsRows(output.node.output)
}

function linkOf(node: TableNode): NonNullable<TableNode['link']> {
  if (node.link === null) throw new TypeError('The root of a plan hangs on nothing')
  return node.link
}

/** Beyond what one call takes, the properties are aggregated from a list of rows: the same object in the same order. */
function jsonObject(properties: readonly (readonly [name: string, value: string])[]): string {
  if (properties.length <= PROPERTIES_PER_CALL) {
    return `JSON_BUILD_OBJECT(${properties.map(([name, value]) => `${quoteLiteral(name)}, ${value}`).join(', ')})`
  }
  const rows = properties.map(([name, value]) => `(${quoteLiteral(name)}, TO_JSON(${value}))`)
  return `(SELECT JSON_OBJECT_AGG("name", "value") FROM (VALUES ${rows.join(', ')}) AS "property" ("name", "value"))`
}

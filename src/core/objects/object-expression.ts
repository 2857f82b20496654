import { expressionSql } from '../schema/expression.ts'
import { filterSql } from '../schema/filter.ts'
import type { AggregateOutput, Output, Plan, RowsOutput, TableNode } from '../schema/plan.ts'
import { sql } from '../sql/fragment.ts'
import { quoteIdentifier, quoteTable } from '../sql/identifier.ts'
import type { SqlParts } from '../sql/query-builder.ts'
import { TableAliases } from '../sql/table-aliases.ts'
import { aggregateExpression } from './aggregate-expression.ts'
import { arrayOrder, type Place } from './array-order.ts'
import { arraysAtOnce } from './arrays-at-once.ts'
import { jsonObject } from './json-object.ts'
import { type IsAsked, type Reach, reachBelow, reachOfRoot } from './reach.ts'
import { joinCondition, joinedColumn, linkOf, rowCondition } from './row-condition.ts'

/** The SQL that makes an object of a row. */
export interface ObjectSql {
  readonly alias: string
  /** `"book" AS "book_1"` */
  readonly from: string
  /** ` LEFT JOIN ( … ) AS "author_2" ON …` for each row that the object points to, and for each array read at once. */
  readonly joins: SqlParts
  readonly expression: SqlParts
}

/**
 * The SQL of a plan's objects; `expression` is of type json also where the object is a single value.
 *
 * With `isAsked`, which must then hold for the rows that the statement reads of the root, the arrays of all its objects are read
 * at once: a grouped sub-query for each place of arrays. Without it, each object reads its own by a sub-select.
 */
export function objectSql(plan: Plan, isAsked?: IsAsked): ObjectSql {
  const aliases = new TableAliases()
  const reach = isAsked === undefined ? null : reachOfRoot(plan, isAsked, aliases)
  const row = new ObjectWriter(aliases).row(plan.root, reach)
  return isJson(plan.root.output) ? row : { ...row, expression: sql`TO_JSON(${row.expression})` }
}

/** Whether what the output yields is JSON and never NULL. */
function isJson(output: Output): boolean {
  return output.kind === 'object' || output.kind === 'rows'
}

/** The rows that the elements of an array are made of. */
interface Elements {
  readonly expression: SqlParts
  /** Of the rows behind the first ones, that of the array's own node. */
  readonly joins: SqlParts
  /** The places that give rows, with the alias of each, from the outside in. */
  readonly places: readonly Place[]
  readonly output: Output
}

/** A row that values are made of. */
interface Row {
  readonly alias: string
  readonly reach: Reach | null
  /** Takes what the values need beside the row. */
  readonly joins: SqlParts[]
}

class ObjectWriter {
  readonly #aliases: TableAliases

  constructor(aliases: TableAliases) {
    this.#aliases = aliases
  }

  /** `reach` is that of the node; null where its rows are read for one parent at a time. */
  row(node: TableNode, reach: Reach | null): ObjectSql {
    const alias = this.#aliases.next(node.table.table)
    const joins: SqlParts[] = []
    const expression = this.#value(node.output, { alias, reach, joins })
    return { alias, from: `${quoteTable(node.table)} AS ${alias}`, joins: joins.flat(), expression }
  }

  #value(output: Output, row: Row): SqlParts {
    switch (output.kind) {
      case 'column':
        return [cast(`${row.alias}.${quoteIdentifier(output.column)}`, output.cast)]
      case 'expression':
        return [cast(expressionSql(output.parts, row.alias), output.cast)]
      case 'object':
        return jsonObject(output.properties.map(([name, of]) => [name, this.#value(of, row)] as const))
      case 'row':
        return this.#joinedRow(output.node, row)
      case 'rows':
        // The first rows of each parent are found one parent at a time, by an index in their order.
        return row.reach === null || output.node.limit !== null
          ? this.#arrayOfOne(output, row.alias)
          : this.#arraysOfAll(output, row, row.reach)
      case 'aggregate':
        return this.#aggregate(output, row.alias)
      default:
        return output satisfies never
    }
  }

  /** A sub-select joined as a whole, so that a missing row yields NULL for all that hangs on it. */
  #joinedRow(node: TableNode, { alias: parentAlias, reach, joins }: Row): SqlParts {
    const inner = this.row(node, this.#below(reach, node))
    const alias = this.#aliases.next(node.table.table)
    const { pairs } = linkOf(node)
    // The value goes by the name "object".
    const isTaken = pairs.some(({ child }) => child === 'object')
    const keys = pairs.map(({ child, parent }, index) => {
      const name = quoteIdentifier(isTaken ? `key${index === 0 ? '' : index + 1}` : child)
      return {
        selected: `${inner.alias}.${quoteIdentifier(child)} AS ${name}`,
        on: `${joinedColumn(node, parentAlias, parent)} = ${alias}.${name}`,
      }
    })
    const selected = keys.map((key) => key.selected).join(', ')
    const on = keys.map((key) => key.on).join(' AND ')
    joins.push(
      sql` LEFT JOIN (SELECT ${selected}, ${inner.expression} AS "object" FROM ${inner.from}${inner.joins}${where(node, inner.alias)}) AS ${alias} ON ${on}`,
    )
    return [`${alias}."object"`]
  }

  /** A correlated sub-select: Postgres reads just the children of this parent, by index. */
  #arrayOfOne(output: RowsOutput, parentAlias: string): SqlParts {
    const { alias, from, condition } = this.#rows(output.node, parentAlias, rowCondition)
    const { list, joins } = this.#list(output, { alias, reach: null })
    return sql`(SELECT COALESCE(${list}, '[]'::json) FROM ${from}${joins} WHERE ${condition})`
  }

  /** Without a reach, the grouped sub-query would aggregate the whole table for each build. */
  #arraysOfAll(output: RowsOutput, row: Row, reach: Reach): SqlParts {
    const { node } = output
    const alias = this.#aliases.next(node.table.table)
    const { list, joins } = this.#list(output, { alias, reach: this.#below(reach, node) })
    const arrays = this.#aliases.next(node.table.table)
    row.joins.push(arraysAtOnce({ node, alias, joins, list }, reach, arrays, row.alias))
    return sql`COALESCE(${arrays}."list", '[]'::json)`
  }

  /** The array of rows: NULL where there is no element. */
  #list(
    { node, flatten, keepNulls }: RowsOutput,
    row: Omit<Row, 'joins'>,
  ): { list: SqlParts; joins: SqlParts } {
    const { expression, joins, places, output } = this.#elements(node, row, flatten)
    // IS NOT NULL would be false for a composite value of which one part is NULL.
    const onlyPresent =
      keepNulls || isJson(output) ? [] : sql` FILTER (WHERE ${expression} IS DISTINCT FROM NULL)`
    return { list: sql`JSON_AGG(${expression} ORDER BY ${arrayOrder(places)})${onlyPresent}`, joins }
  }

  /** One value of the same rows that an array would have as elements, for one parent at a time. */
  #aggregate(output: AggregateOutput, parentAlias: string): SqlParts {
    const { alias, from, condition } = this.#rows(output.node, parentAlias, rowCondition)
    const { expression, joins } = this.#elements(output.node, { alias, reach: null }, true)
    return aggregateExpression(output, expression, sql` FROM ${from}${joins} WHERE ${condition}`)
  }

  /**
   * The rows of a place that hang on the parent's. Where there is a limit, they are a sub-select of their own, and whatever has
   * to hold for them holds inside it.
   */
  #rows(
    node: TableNode,
    parentAlias: string,
    conditionOf: typeof rowCondition,
  ): { alias: string; from: SqlParts; condition: SqlParts } {
    const alias = this.#aliases.next(node.table.table)
    const from = [`${quoteTable(node.table)} AS ${alias}`]
    const condition = conditionOf(node, alias, parentAlias)
    if (node.limit === null) return { alias, from, condition }
    const first = this.#aliases.next(node.table.table)
    const columns = node.columns.map((column) => `${alias}.${quoteIdentifier(column)}`).join(', ')
    const order = arrayOrder([{ node, alias }])
    return {
      alias: first,
      from: sql`LATERAL (SELECT ${columns} FROM ${from} WHERE ${condition} ORDER BY ${order} LIMIT ${String(node.limit)}) AS ${first}`,
      condition: ['TRUE'],
    }
  }

  /**
   * The elements of an array. A one-to-many directly inside, through any number of many-to-one, is joined instead of
   * nested: that is its flattening.
   */
  #elements(node: TableNode, { alias, reach }: Omit<Row, 'joins'>, flatten: boolean): Elements {
    const { output } = node
    if (flatten && holdsRows(output)) {
      const rows = this.#rows(output.node, alias, joinCondition)
      const row = { alias: rows.alias, reach: this.#below(reach, output.node) }
      const below = this.#elements(output.node, row, output.kind === 'row' || output.flatten)
      const join = sql` JOIN ${rows.from} ON ${rows.condition}`
      return { ...below, joins: sql`${join}${below.joins}`, places: [{ node, alias }, ...below.places] }
    }
    const joins: SqlParts[] = []
    const expression = this.#value(output, { alias, reach, joins })
    return { expression, joins: joins.flat(), places: [{ node, alias }], output }
  }

  /** Of many rows only the first ones count where there is a limit: what hangs on them is read for each by itself. */
  #below(reach: Reach | null, node: TableNode): Reach | null {
    return reach === null || node.limit !== null ? null : reachBelow(reach, node, this.#aliases)
  }
}

function cast(expression: string, type: string | null): string {
  return type === null ? expression : `CAST(${expression} AS ${type})`
}

function where({ filter }: TableNode, alias: string): SqlParts {
  return filter === null ? [] : sql` WHERE ${filterSql(filter, alias)}`
}

function holdsRows(output: Output): output is Extract<Output, { kind: 'row' | 'rows' }> {
  if (output.kind === 'rows') return true
  return output.kind === 'row' && holdsRows(output.node.output)
}

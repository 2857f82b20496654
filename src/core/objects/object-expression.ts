import { expressionSql } from '../schema/expression.ts'
import { filterSql } from '../schema/filter.ts'
import type { AggregateOutput, Output, Plan, RowsOutput, TableNode } from '../schema/plan.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import { quoteIdentifier, quoteLiteral, quoteTable } from '../sql/identifier.ts'
import type { SqlParts } from '../sql/query-builder.ts'
import { TableAliases } from '../sql/table-aliases.ts'
import { arrayOrder, type Place } from './array-order.ts'
import { type IsAsked, type Reach, reachBelow, reachOfRoot } from './reach.ts'
import { linkOf, rowCondition } from './row-condition.ts'

/** The SQL that makes an object of a row. */
export interface ObjectSql {
  readonly alias: string
  /** `"book" AS "book_1"` */
  readonly from: string
  /** ` LEFT JOIN ( … ) AS "author_2" ON …` for each row that the object points to, and for each array read at once. */
  readonly joins: SqlParts
  readonly expression: SqlParts
}

/** A function of Postgres takes 100 arguments. */
const PROPERTIES_PER_CALL = 50

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
        on: `${parentAlias}.${quoteIdentifier(parent)} = ${alias}.${name}`,
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
    const { alias, from, condition } = this.#rows(output.node, parentAlias)
    const { list, joins } = this.#list(output, { alias, reach: null })
    return sql`(SELECT COALESCE(${list}, '[]'::json) FROM ${from}${joins} WHERE ${condition})`
  }

  /**
   * A grouped sub-query of the children of all parents in reach. For many parents Postgres reads them by a join instead of
   * one look-up after the other. Without a reach it would aggregate the whole table for each build.
   */
  #arraysOfAll(output: RowsOutput, row: Row, reach: Reach): SqlParts {
    const { node } = output
    const { pairs, parent } = linkOf(node)
    const alias = this.#aliases.next(node.table.table)
    const { list, joins } = this.#list(output, { alias, reach: this.#below(reach, node) })
    const arrays = this.#aliases.next(node.table.table)
    const children = pairs.map(({ child }) => `${alias}.${quoteIdentifier(child)}`)
    const names = pairs.map((_, index) => quoteIdentifier(index === 0 ? 'key' : `key${index + 1}`))
    // One row for each parent: what is equal for the link has to be one group. COALESCE gives the key the type and the
    // collation in which both columns are compared, without a look into the catalogue.
    const keys = pairs.map(
      (pair, index) =>
        `COALESCE((SELECT ${quoteIdentifier(pair.parent)} FROM ${quoteTable(parent.table)} WHERE FALSE), ${children[index]}) AS ${names[index]}`,
    )
    const conditions = [
      reach(
        children,
        pairs.map((pair) => pair.parent),
      ),
    ]
    if (node.filter !== null) conditions.push(filterSql(node.filter, alias))
    const on = pairs.map(
      (pair, index) => `${row.alias}.${quoteIdentifier(pair.parent)} = ${arrays}.${names[index]}`,
    )
    row.joins.push(
      sql` LEFT JOIN (SELECT ${keys.join(', ')}, ${list} AS "list" FROM ${quoteTable(node.table)} AS ${alias}${joins} WHERE ${joinSql(conditions, ' AND ')} GROUP BY ${keys.map((_, index) => index + 1).join(', ')}) AS ${arrays} ON ${on.join(' AND ')}`,
    )
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

  /** One value of the same rows that an array would have as elements. */
  #aggregate({ node, function: name, ofRows }: AggregateOutput, parentAlias: string): SqlParts {
    const { alias, from, condition } = this.#rows(node, parentAlias)
    const { expression, joins } = this.#elements(node, { alias, reach: null }, true)
    const rows = sql` FROM ${from}${joins} WHERE ${condition}`
    const present = sql`${expression} IS DISTINCT FROM NULL`
    switch (name) {
      case 'count':
        return sql`(SELECT COUNT(${ofRows ? '*' : expression})${rows})`
      case 'exists':
        // For many objects Postgres would answer EXISTS out of a hash of the whole table.
        return sql`COALESCE((SELECT TRUE${rows}${ofRows ? [] : sql` AND ${present}`} LIMIT 1), FALSE)`
      case 'sum':
      case 'avg':
        // The sum of floats depends on their order: equal data has to give equal sums.
        return sql`(SELECT ${name.toUpperCase()}(${expression} ORDER BY ${expression})${rows})`
      case 'min':
      case 'max': {
        // By an index on link and value. Of equal values (1.0 and 1.00) always the same one; and every type with an order has it.
        const order = sql`${expression}${name === 'max' ? ' DESC' : ''}, ROW(${expression}) USING OPERATOR(pg_catalog.*<)`
        return sql`(SELECT ${expression}${rows} AND ${present} ORDER BY ${order} LIMIT 1)`
      }
      default:
        return name satisfies never
    }
  }

  /**
   * The rows of a place that hang on the parent's. Where there is a limit, they are a sub-select of their own, and whatever has
   * to hold for them holds inside it.
   */
  #rows(node: TableNode, parentAlias: string): { alias: string; from: SqlParts; condition: SqlParts } {
    const alias = this.#aliases.next(node.table.table)
    const from = [`${quoteTable(node.table)} AS ${alias}`]
    const condition = rowCondition(node, alias, parentAlias)
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
      const rows = this.#rows(output.node, alias)
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

/** Beyond what one call takes, the properties are aggregated from a list of rows: the same object in the same order. */
function jsonObject(properties: readonly (readonly [name: string, value: SqlParts])[]): SqlParts {
  if (properties.length <= PROPERTIES_PER_CALL) {
    const pairs = properties.map(([name, value]) => sql`${quoteLiteral(name)}, ${value}`)
    return sql`JSON_BUILD_OBJECT(${joinSql(pairs, ', ')})`
  }
  const rows = properties.map(([name, value]) => sql`(${quoteLiteral(name)}, TO_JSON(${value}))`)
  return sql`(SELECT JSON_OBJECT_AGG("name", "value") FROM (VALUES ${joinSql(rows, ', ')}) AS "property" ("name", "value"))`
}

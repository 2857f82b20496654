import { filterSql } from '../schema/filter.ts'
import type { ColumnPair, Plan, TableNode } from '../schema/plan.ts'
import { arrayParameterLike } from '../sql/array-parameter.ts'
import { asPrinted } from '../sql/as-printed.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import { quoteIdentifier, quoteTable } from '../sql/identifier.ts'
import { keyObject } from '../sql/key-object.ts'
import type { Parameter, SqlParts } from '../sql/query-builder.ts'
import { compileStatement, type Statement } from '../sql/statement.ts'
import { TableAliases } from '../sql/table-aliases.ts'

/**
 * How the objects of a changed row are found: from the values of the columns by which it hangs on the row above, up to the
 * ids of the roots.
 */
export interface PathToRoot {
  /** The columns of the changed row that hold the key to start from. */
  readonly keyColumns: readonly string[]
  /** `null` where the key is the id of the root itself. */
  readonly lookUp: LookUp | null
  /**
   * For a link to the root's primary key: what finds the root where the two columns are of different types, so that the text of
   * the one is not that of the other.
   */
  readonly lookUpByType: LookUp | null
}

export interface LookUp {
  /** `SELECT … FROM … WHERE`, to be followed by a condition. */
  readonly head: SqlParts
  /** `"book_1"."authorId"`, which have to equal the columns of the key. */
  readonly columns: readonly string[]
  /** ` AND "book_1"."hidden" = $2 GROUP BY "book_1"."id"` */
  readonly tail: SqlParts
  /**
   * The whole statement for arrays of keys, one for each of their columns. The keys keep the type of the column that they come
   * from, so that they compare as SQL compares the two columns: a `numeric` 1.00 finds the `integer` 1.
   */
  readonly ofKeys: Statement
  /** The same from behind an id on, whose columns follow the arrays. */
  readonly ofKeysAfter: Statement
  /** How many columns an id has. */
  readonly idColumns: number
  /** Equal for look-ups that are one and the same. */
  readonly identity: string
}

/** A look-up gives so many ids at once, in the order of the root's key: what hangs on one row may be a whole table. */
export const IDS_PER_PAGE = 50_000

/** Whether a look-up's rows carry the id as it is, or as text. */
export type IdForm = 'value' | 'text'

/** Columns of a place that have to equal those of the changed row. */
interface Start {
  readonly node: TableNode
  readonly pairs: readonly ColumnPair[]
}

/**
 * The path of a node. A row between that would only pass the key on (`author.id` between `book.authorId` and
 * `review.authorId`) is left out: whether it exists decides what is built, not what is rebuilt. Rows on the way that their
 * place's filter keeps out lead nowhere: for the objects they are not there.
 */
export function pathToRoot(plan: Plan, node: TableNode, idForm: IdForm): PathToRoot {
  if (node.link === null) return { keyColumns: plan.primaryKey, lookUp: null, lookUpByType: null }
  const start = skipPassingRows({ node: node.link.parent, pairs: node.link.pairs })
  const direct = start.node === plan.root ? inOrderOf(plan.primaryKey, start.pairs) : null
  const pairs = direct ?? start.pairs
  const keyColumns = pairs.map(({ child }) => child)
  const lookUp = lookUpOf(plan, node, { node: start.node, pairs }, idForm)
  return direct === null
    ? { keyColumns, lookUp, lookUpByType: null }
    : { keyColumns, lookUp: null, lookUpByType: lookUp }
}

/** The statement that yields the ids of all roots. */
export function allRootIds(plan: Plan): SqlParts {
  const alias = new TableAliases().next(plan.root.table.table)
  const where = plan.root.filter === null ? [] : sql` WHERE ${filterSql(plan.root.filter, alias)}`
  return sql`SELECT ${idOf(plan, alias, 'value')} AS "id" FROM ${quoteTable(plan.root.table)} AS ${alias}${where}`
}

function lookUpOf(plan: Plan, changed: TableNode, start: Start, idForm: IdForm): LookUp {
  const aliases = new TableAliases()
  const rootAlias = aliases.next(plan.root.table.table)
  const { joins, alias } = joinDownTo(start.node, plan.root, rootAlias, aliases)
  const from = sql`FROM ${quoteTable(plan.root.table)} AS ${rootAlias}${joins}`
  const head = sql`SELECT ${idOf(plan, rootAlias, idForm)} AS "id" ${from} WHERE `
  const columns = start.pairs.map(({ parent }) => `${alias}.${quoteIdentifier(parent)}`)
  const { filter } = plan.root
  const id = plan.primaryKey.map((key) => `${rootAlias}.${quoteIdentifier(key)}`).join(', ')
  const isRoot = filter === null ? [] : sql` AND ${filterSql(filter, rootAlias)}`
  const tail = sql`${isRoot} GROUP BY ${id}`
  const keys = start.pairs.map((): Parameter => ({ value: null }))
  const arrays = start.pairs.map(({ child }, index) =>
    arrayParameterLike(changed.table, child, keys[index] as Parameter),
  )
  const last = plan.primaryKey.map((): Parameter => ({ value: null }))
  const page = (isBehind: SqlParts): SqlParts =>
    sql`${head}${isAmong(columns, arrays)}${isBehind}${tail} ORDER BY ${id} LIMIT ${String(IDS_PER_PAGE)}`
  const ofKeys = compileStatement(page([]), keys)
  const lastId = joinSql(
    last.map((parameter): SqlParts => [parameter]),
    ', ',
  )
  const ofKeysAfter = compileStatement(page(sql` AND (${id}) > (${lastId})`), [...keys, ...last])
  const idColumns = last.length
  return {
    head,
    columns,
    tail,
    ofKeys,
    ofKeysAfter,
    idColumns,
    identity: JSON.stringify([ofKeys.text, ofKeys.fixed]),
  }
}

function isAmong(columns: readonly string[], arrays: readonly SqlParts[]): SqlParts {
  const [column = '', ...others] = columns
  return others.length === 0
    ? sql`${column} = ANY(${joinSql(arrays, '')})`
    : sql`(${columns.join(', ')}) IN (SELECT * FROM UNNEST(${joinSql(arrays, ', ')}))`
}

function idOf(plan: Plan, alias: string, idForm: IdForm): string {
  const columns = plan.primaryKey.map((column) => `${alias}.${quoteIdentifier(column)}`)
  if (idForm === 'text') return asPrinted(columns)
  return columns.length === 1 ? columns.join('') : keyObject(plan.primaryKey, alias)
}

/** The place whose columns have to equal the key, once every row that only passes it on is skipped. */
function skipPassingRows(start: Start): Start {
  let at = start
  while (at.node.link !== null) {
    const { parent, pairs: links } = at.node.link
    const passed = at.pairs.map(({ child, parent: own }) => {
      const link = links.find((one) => one.child === own)
      return link === undefined ? [] : [{ child, parent: link.parent }]
    })
    if (links.length !== at.pairs.length || passed.some((pair) => pair.length === 0)) return at
    at = { node: parent, pairs: passed.flat() }
  }
  return at
}

/** The pairs in the order of the columns, if their parents' columns are just these. */
function inOrderOf(columns: readonly string[], pairs: readonly ColumnPair[]): ColumnPair[] | null {
  const ordered = columns.flatMap((column) => pairs.find(({ parent }) => parent === column) ?? [])
  return ordered.length === columns.length && ordered.length === pairs.length ? ordered : null
}

function joinDownTo(
  node: TableNode,
  root: TableNode,
  rootAlias: string,
  aliases: TableAliases,
): { joins: SqlParts; alias: string } {
  if (node === root || node.link === null) return { joins: [], alias: rootAlias }
  const above = skipPassingRows({ node: node.link.parent, pairs: node.link.pairs })
  const { joins, alias: aliasAbove } = joinDownTo(above.node, root, rootAlias, aliases)
  const alias = aliases.next(node.table.table)
  const on = above.pairs.map(
    ({ child, parent }) => `${alias}.${quoteIdentifier(child)} = ${aliasAbove}.${quoteIdentifier(parent)}`,
  )
  const condition = joinSql(node.filter === null ? on : [...on, filterSql(node.filter, alias)], ' AND ')
  return { joins: sql`${joins} JOIN ${quoteTable(node.table)} AS ${alias} ON ${condition}`, alias }
}

const pathsInText = new WeakMap<Plan, ReadonlyMap<TableNode, PathToRoot>>()

/** The paths of all nodes, with ids as text: compiled once for each schema. */
export function pathsOf(plan: Plan): ReadonlyMap<TableNode, PathToRoot> {
  const known = pathsInText.get(plan)
  if (known !== undefined) return known
  const paths = new Map(plan.nodes.map((node) => [node, pathToRoot(plan, node, 'text')]))
  pathsInText.set(plan, paths)
  return paths
}

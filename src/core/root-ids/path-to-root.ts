import { filterSql } from '../schema/filter.ts'
import type { ColumnPair, Plan, TableNode } from '../schema/plan.ts'
import { asPrinted } from '../sql/as-printed.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import { quoteIdentifier, quoteTable } from '../sql/identifier.ts'
import { keyObject } from '../sql/key-object.ts'
import type { SqlParts } from '../sql/query-builder.ts'
import { TableAliases } from '../sql/table-aliases.ts'
import { type LookUp, writeLookUp } from './look-up.ts'

/**
 * How the objects of a changed row are found: from the values of the columns by which it hangs on the row above, up to the
 * ids of the roots.
 */
export interface PathToRoot {
  /** The columns of the changed row that hold the key to start from. */
  readonly keyColumns: readonly string[]
  /** `null` where the changed row is the root's. */
  readonly lookUp: LookUp | null
  /** Where the last link is to the root's primary key: the id stands there already. `null` for other paths. */
  readonly short: ShortPath | null
}

/**
 * A path that ends before the root, at a row that holds its id. It leads to the same ids, and to those of roots that do not exist,
 * if the columns of the two are of one type: otherwise the text of the one is not that of the other.
 */
export interface ShortPath {
  readonly node: TableNode
  /** The columns that hold the id, in the order of the primary key. */
  readonly columns: readonly string[]
  /** `null` where the changed row itself is the one that holds it. */
  readonly lookUp: LookUp | null
}

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
  if (node.link === null) return { keyColumns: plan.primaryKey, lookUp: null, short: null }
  const start = skipPassingRows({ node: node.link.parent, pairs: node.link.pairs })
  const direct = start.node === plan.root ? inOrderOf(plan.primaryKey, start.pairs) : null
  const pairs = direct ?? start.pairs
  const keyColumns = pairs.map(({ child }) => child)
  const lookUp = lookUpOf(plan, node, { node: start.node, pairs }, idForm)
  const short = direct === null ? shortPath(plan, node, start) : { node, columns: keyColumns, lookUp: null }
  return { keyColumns, lookUp, short }
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
  const from = sql`${quoteTable(plan.root.table)} AS ${rootAlias}${joins}`
  const { filter } = plan.root
  const conditions = filter === null ? [] : [filterSql(filter, rootAlias)]
  const id = plan.primaryKey.map((key) => `${rootAlias}.${quoteIdentifier(key)}`)
  return writeLookUp(changed, start.pairs, {
    id,
    shown: idOf(plan, rootAlias, idForm),
    from,
    alias,
    conditions,
  })
}

/** Not past a filter of the root: most changes may be of roots that it keeps out. */
function shortPath(plan: Plan, changed: TableNode, start: Start): ShortPath | null {
  if (plan.root.filter !== null || start.node === plan.root) return null
  const top = topOfPath(start.node, plan.root)
  const pairs = inOrderOf(plan.primaryKey, top.pairs)
  if (pairs === null) return null
  const aliases = new TableAliases()
  const topAlias = aliases.next(top.node.table.table)
  const { joins, alias } = joinDownTo(start.node, top.node, topAlias, aliases)
  const from = sql`${quoteTable(top.node.table)} AS ${topAlias}${joins}`
  const columns = pairs.map(({ child }) => child)
  const id = columns.map((column) => `${topAlias}.${quoteIdentifier(column)}`)
  const conditions = id.map((column): SqlParts => [`${column} IS NOT NULL`])
  if (top.node.filter !== null) conditions.push(filterSql(top.node.filter, topAlias))
  return {
    node: top.node,
    columns,
    lookUp: writeLookUp(changed, start.pairs, { id, shown: asPrinted(id), from, alias, conditions }),
  }
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

/** The place next to the root on the path of another. */
function topOfPath(node: TableNode, root: TableNode): Start {
  let at = node
  for (;;) {
    if (at.link === null) throw new TypeError('The root of a plan hangs on nothing')
    const above = skipPassingRows({ node: at.link.parent, pairs: at.link.pairs })
    if (above.node === root) return { node: at, pairs: above.pairs }
    at = above.node
  }
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

const compiled: Readonly<Record<IdForm, WeakMap<Plan, ReadonlyMap<TableNode, PathToRoot>>>> = {
  text: new WeakMap(),
  value: new WeakMap(),
}

/** The paths of all nodes: compiled once for each schema. */
export function pathsOf(plan: Plan, idForm: IdForm): ReadonlyMap<TableNode, PathToRoot> {
  const known = compiled[idForm].get(plan)
  if (known !== undefined) return known
  const paths = new Map(plan.nodes.map((node) => [node, pathToRoot(plan, node, idForm)]))
  compiled[idForm].set(plan, paths)
  return paths
}

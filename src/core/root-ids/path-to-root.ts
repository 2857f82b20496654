import type { Plan, TableNode } from '../schema/plan.ts'
import { arrayParameterLike } from '../sql/array-parameter.ts'
import { asPrinted } from '../sql/as-printed.ts'
import { quoteIdentifier, quoteTable } from '../sql/identifier.ts'
import { TableAliases } from '../sql/table-aliases.ts'

/**
 * How the objects of a changed row are found: from the value of one of the row's columns, by which it hangs on the row
 * above, up to the ids of the roots.
 */
export interface PathToRoot {
  /** The column of the changed row that holds the key to start from. */
  readonly keyColumn: string
  /** `null` where the key is the id of the root itself. */
  readonly lookUp: LookUp | null
  /**
   * For a link to the root's primary key: what finds the root where the two columns are of different types, so that the text of
   * the one is not that of the other.
   */
  readonly lookUpByType: LookUp | null
}

export interface LookUp {
  /** `SELECT … FROM … WHERE "book_1"."authorId"`, to be followed by a condition. */
  readonly head: string
  /** ` GROUP BY "book_1"."id"` */
  readonly tail: string
  /**
   * The whole statement for an array of keys. The keys keep the type of the column that they come from, so that they compare
   * as SQL compares the two columns: a `numeric` 1.00 finds the `integer` 1.
   */
  readonly ofKeys: string
}

/** Whether a look-up's rows carry the id as the driver reads it, or as text. */
export type IdForm = 'value' | 'text'

/**
 * The path of a node. A row between that would only pass the key on (`author.id` between `book.authorId` and
 * `review.authorId`) is left out: whether it exists decides what is built, not what is rebuilt.
 */
export function pathToRoot(plan: Plan, node: TableNode, idForm: IdForm): PathToRoot {
  if (node.link === null) return { keyColumn: plan.primaryKey, lookUp: null, lookUpByType: null }
  const start = skipPassingRows(node.link.parent, node.link.parentColumn)
  const aliases = new TableAliases()
  const rootAlias = aliases.next(plan.root.table.table)
  const { joins, alias } = joinDownTo(start.node, plan.root, rootAlias, aliases)
  const id = `${rootAlias}.${quoteIdentifier(plan.primaryKey)}`
  const from = `FROM ${quoteTable(plan.root.table)} AS ${rootAlias}${joins}`
  const selected = idForm === 'text' ? asPrinted(id) : id
  const head = `SELECT ${selected} AS "id" ${from} WHERE ${alias}.${quoteIdentifier(start.column)}`
  const tail = ` GROUP BY ${id}`
  const keyColumn = node.link.childColumn
  const ofKeys = `${head} = ANY(${arrayParameterLike(node.table, keyColumn)})${tail}`
  const lookUp = { head, tail, ofKeys }
  return start.node === plan.root && start.column === plan.primaryKey
    ? { keyColumn, lookUp: null, lookUpByType: lookUp }
    : { keyColumn, lookUp, lookUpByType: null }
}

/** The statement that yields the ids of all roots. */
export function allRootIds(plan: Plan): string {
  const alias = new TableAliases().next(plan.root.table.table)
  return `SELECT ${alias}.${quoteIdentifier(plan.primaryKey)} AS "id" FROM ${quoteTable(plan.root.table)} AS ${alias}`
}

/** The node whose column has to equal the key, once every row that only passes it on is skipped. */
function skipPassingRows(node: TableNode, column: string): { node: TableNode; column: string } {
  let at = { node, column }
  while (at.node.link !== null && at.node.link.childColumn === at.column) {
    at = { node: at.node.link.parent, column: at.node.link.parentColumn }
  }
  return at
}

function joinDownTo(
  node: TableNode,
  root: TableNode,
  rootAlias: string,
  aliases: TableAliases,
): { joins: string; alias: string } {
  if (node === root || node.link === null) return { joins: '', alias: rootAlias }
  const above = skipPassingRows(node.link.parent, node.link.parentColumn)
  const { joins, alias: aliasAbove } = joinDownTo(above.node, root, rootAlias, aliases)
  const alias = aliases.next(node.table.table)
  const on = `${alias}.${quoteIdentifier(node.link.childColumn)} = ${aliasAbove}.${quoteIdentifier(above.column)}`
  return { joins: `${joins} JOIN ${quoteTable(node.table)} AS ${alias} ON ${on}`, alias }
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

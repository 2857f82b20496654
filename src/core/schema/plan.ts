import { parseTableName, tableKey, type TableName, type TableReference } from '../events/table-name.ts'
import type { RootSchema, Schema } from './schema.ts'
import { validateSchema } from './validate-schema.ts'

/**
 * A validated schema, compiled. Every relation is the same thing here: rows of one table hang on a row of another by
 * two equal columns. Root-id resolution, SQL and introspection read the plan; none of them walks the schema again.
 *
 * ```
 *   book ──authorId = id── author          nodes: book (root), author, review
 *     └────id = bookId──── review          a table that appears twice has two nodes
 * ```
 */
export interface Plan {
  readonly root: TableNode
  readonly primaryKey: string
  /** In the order of the schema, the root first. */
  readonly nodes: readonly TableNode[]
  readonly nodesByTable: ReadonlyMap<string, readonly TableNode[]>
}

/** One place at which the schema reads a table. */
export interface TableNode {
  readonly table: TableName
  /** How a row hangs on the row above it; `null` for the root. */
  readonly link: Link | null
  /** The columns read of the row at this place, each once, those that link included. */
  readonly columns: readonly string[]
  readonly output: Output
}

/** Row and parent row belong together where `row.childColumn = parentRow.parentColumn`. */
export interface Link {
  readonly parent: TableNode
  readonly parentColumn: string
  readonly childColumn: string
  readonly cardinality: 'one' | 'many'
  /** A foreign key holds: while a parent points to it, the row exists. */
  readonly guaranteed: boolean
}

/** What a row becomes. */
export type Output =
  | { readonly kind: 'column'; readonly column: string }
  | { readonly kind: 'object'; readonly properties: readonly (readonly [name: string, output: Output])[] }
  | { readonly kind: 'row'; readonly node: TableNode }
  | { readonly kind: 'rows'; readonly node: TableNode }

const plans = new WeakMap<RootSchema, Plan>()

/**
 * The plan of a schema, compiled at the first call.
 *
 * @throws SchemaError
 */
export function planOf(schema: RootSchema): Plan {
  const known = plans.get(schema)
  if (known !== undefined) return known
  validateSchema(schema)
  const plan = compile(schema)
  plans.set(schema, plan)
  return plan
}

interface NodeDraft extends TableNode {
  readonly columns: string[]
  output: Output
}

function compile(schema: RootSchema): Plan {
  const nodes: NodeDraft[] = []

  const addNode = (table: TableReference, link: Link | null, key: string, value: Schema): TableNode => {
    const node: NodeDraft = {
      table: parseTableName(table),
      link,
      columns: [key],
      output: { kind: 'column', column: key },
    }
    nodes.push(node)
    node.output = outputOf(value, node)
    return node
  }

  const outputOf = (value: Schema, node: NodeDraft): Output => {
    switch (value.type) {
      case 'column':
        read(node, value.column)
        return { kind: 'column', column: value.column }
      case 'object': {
        const properties = Object.entries(value.properties)
        return {
          kind: 'object',
          properties: properties.map(([name, of]) => [name, outputOf(of, node)] as const),
        }
      }
      case 'many-to-one': {
        const link: Link = {
          parent: node,
          parentColumn: value.column,
          childColumn: value.referencesColumn,
          cardinality: 'one',
          guaranteed: value.hasFKConstraint,
        }
        read(node, value.column)
        return { kind: 'row', node: addNode(value.referencesTable, link, link.childColumn, value.schema) }
      }
      case 'one-to-many': {
        const link: Link = {
          parent: node,
          parentColumn: value.column,
          childColumn: value.referencingColumn,
          cardinality: 'many',
          guaranteed: false,
        }
        read(node, value.column)
        return { kind: 'rows', node: addNode(value.referencingTable, link, link.childColumn, value.schema) }
      }
      default:
        return value satisfies never
    }
  }

  const root = addNode(schema.table, null, schema.primaryKey, schema.schema)
  const nodesByTable = groupByTable(nodes)
  return { root, primaryKey: schema.primaryKey, nodes, nodesByTable }
}

function read(node: NodeDraft, column: string): void {
  if (!node.columns.includes(column)) node.columns.push(column)
}

function groupByTable(nodes: readonly TableNode[]): Map<string, TableNode[]> {
  const groups = new Map<string, TableNode[]>()
  for (const node of nodes) {
    const key = tableKey(node.table)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [node])
    else group.push(node)
  }
  return groups
}

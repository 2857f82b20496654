import { parseTableName, tableKey, type TableName, type TableReference } from '../events/table-name.ts'
import { type ExpressionParts, parseExpression } from './expression.ts'
import { type Filter, filterColumns, filterOf } from './filter.ts'
import type {
  AggregateFunction,
  AggregateSchema,
  Key,
  ManyToOneSchema,
  OneToManySchema,
  Order,
  RootSchema,
  Schema,
} from './schema.ts'
import { validateSchema } from './validate-schema.ts'

/**
 * A validated schema, compiled. Every relation is the same thing here: rows of one table hang on a row of another by
 * equal columns. Root-id resolution, SQL and introspection read the plan; none of them walks the schema again.
 *
 * ```
 *   book ──authorId = id── author          nodes: book (root), author, review
 *     └────id = bookId──── review          a table that appears twice has two nodes
 * ```
 */
export interface Plan {
  readonly root: TableNode
  /** One column, or several. */
  readonly primaryKey: readonly string[]
  /** In the order of the schema, the root first. */
  readonly nodes: readonly TableNode[]
  readonly nodesByTable: ReadonlyMap<string, readonly TableNode[]>
}

/** One place at which the schema reads a table. */
export interface TableNode {
  readonly table: TableName
  /** How a row hangs on the row above it; `null` for the root. */
  readonly link: Link | null
  /** Which rows count; `null` for all. A row that does not is as one that is not there. */
  readonly filter: Filter | null
  /** By what the rows of one parent are ordered before all else; none for most. */
  readonly order: readonly Order[]
  /** How many of the rows of one parent count, the first ones in their order; `null` for all. */
  readonly limit: number | null
  /** The columns read of the row at this place, each once, those that link, filter or order included. */
  readonly columns: readonly string[]
  readonly output: Output
}

/** Row and parent row belong together where `row.child = parentRow.parent` for each pair of columns. */
export interface Link {
  readonly parent: TableNode
  readonly pairs: readonly ColumnPair[]
  readonly cardinality: 'one' | 'many'
  /** A foreign key holds: while a parent points to it, the row exists. */
  readonly guaranteed: boolean
}

export interface ColumnPair {
  readonly child: string
  readonly parent: string
}

/** What a row becomes. */
export type Output =
  | { readonly kind: 'column'; readonly column: string; readonly cast: string | null }
  | ExpressionOutput
  | { readonly kind: 'object'; readonly properties: readonly (readonly [name: string, output: Output])[] }
  | { readonly kind: 'row'; readonly node: TableNode }
  | RowsOutput
  | AggregateOutput

export interface ExpressionOutput {
  readonly kind: 'expression'
  /** As the schema has it. */
  readonly sql: string
  readonly columns: readonly string[]
  readonly parts: ExpressionParts
  readonly cast: string | null
}

/** An array of what each row becomes. */
export interface RowsOutput {
  readonly kind: 'rows'
  readonly node: TableNode
  /** Whether an array directly inside gives its elements to this one. */
  readonly flatten: boolean
  readonly keepNulls: boolean
}

/** One value made of what the rows become. */
export interface AggregateOutput {
  readonly kind: 'aggregate'
  readonly node: TableNode
  readonly function: AggregateFunction
  /** Whether it is about the rows themselves, and not about values in them. */
  readonly ofRows: boolean
}

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

type Relation = ManyToOneSchema | OneToManySchema | AggregateSchema

/** What a schema says of the rows at a place; most have neither order nor limit. */
type RowsOfPlace = Pick<OneToManySchema, 'where' | 'orderBy' | 'limit'> & Pick<AggregateSchema, 'schema'>

interface NodeDraft extends TableNode {
  readonly columns: string[]
  output: Output
}

function compile(schema: RootSchema): Plan {
  const nodes: NodeDraft[] = []

  const addNode = (
    table: TableReference,
    link: Link | null,
    keys: readonly string[],
    { schema: value, where, orderBy = [], limit }: RowsOfPlace,
  ): TableNode => {
    const filter = where === undefined ? null : filterOf(where)
    const order = [orderBy].flat()
    const node: NodeDraft = {
      table: parseTableName(table),
      link,
      filter,
      order,
      limit: limit ?? null,
      columns: [...keys],
      output: { kind: 'object', properties: [] },
    }
    nodes.push(node)
    if (filter !== null) read(node, filterColumns(filter))
    read(
      node,
      order.map(({ column }) => column),
    )
    // Rows that are only counted become their own link, which is never NULL.
    node.output = outputOf(value ?? { type: 'column', column: keys[0] as string }, node)
    return node
  }

  const addRelation = (parent: NodeDraft, relation: Relation): TableNode => {
    const isOne = relation.type === 'many-to-one'
    const table = isOne ? relation.referencesTable : relation.referencingTable
    const above = columnsOf(relation.column)
    const below = columnsOf(isOne ? relation.referencesColumn : relation.referencingColumn)
    read(parent, above)
    const link: Link = {
      parent,
      pairs: below.map((child, index) => ({ child, parent: above[index] as string })),
      cardinality: isOne ? 'one' : 'many',
      guaranteed: isOne && relation.hasFKConstraint,
    }
    return addNode(table, link, below, relation)
  }

  const outputOf = (value: Schema, node: NodeDraft): Output => {
    switch (value.type) {
      case 'column':
        read(node, [value.column])
        return { kind: 'column', column: value.column, cast: value.cast ?? null }
      case 'expression': {
        const { sql, columns } = value
        read(node, columns)
        const parts = parseExpression(sql, columns, () => {})
        return { kind: 'expression', sql, columns, parts, cast: value.cast ?? null }
      }
      case 'object': {
        const properties = Object.entries(value.properties)
        return {
          kind: 'object',
          properties: properties.map(([name, of]) => [name, outputOf(of, node)] as const),
        }
      }
      case 'many-to-one':
        return { kind: 'row', node: addRelation(node, value) }
      case 'one-to-many':
        return {
          kind: 'rows',
          node: addRelation(node, value),
          flatten: value.flatten ?? true,
          keepNulls: value.keepNulls ?? false,
        }
      case 'aggregate':
        return {
          kind: 'aggregate',
          node: addRelation(node, value),
          function: value.function,
          ofRows: value.schema === undefined,
        }
      default:
        return value satisfies never
    }
  }

  const primaryKey = columnsOf(schema.primaryKey)
  const root = addNode(schema.table, null, primaryKey, schema)
  return { root, primaryKey, nodes, nodesByTable: groupByTable(nodes) }
}

export function columnsOf(key: Key): readonly string[] {
  return typeof key === 'string' ? [key] : key
}

function read(node: NodeDraft, columns: readonly string[]): void {
  for (const column of columns) if (!node.columns.includes(column)) node.columns.push(column)
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

import { tableKey, type TableName } from '../events/table-name.ts'
import { type Output, type Plan, planOf, type TableNode } from './plan.ts'
import type { AggregateFunction, RootSchema } from './schema.ts'

/** The columns that a schema reads of a table. */
export interface TableColumns {
  /** The name as SQL would take it without quotes: `book`, `library.book`. */
  readonly table: string
  readonly columns: readonly string[]
}

/** The shape of the objects, with the column or columns behind each leaf. */
export type OutputTree =
  | {
      readonly type: 'column'
      readonly table: string
      readonly column: string
      /** The type that the value is cast to; absent where it is not. */
      readonly cast?: string
    }
  | {
      readonly type: 'expression'
      readonly table: string
      readonly columns: readonly string[]
      readonly sql: string
      readonly cast?: string
    }
  | { readonly type: 'object'; readonly properties: Readonly<Record<string, OutputTree>> }
  | { readonly type: 'array'; readonly items: OutputTree }
  | {
      readonly type: 'aggregate'
      readonly function: AggregateFunction
      /** That of the rows. */
      readonly table: string
      /** What of each row; absent where the rows are counted. */
      readonly of?: OutputTree
    }

export interface Introspection {
  /** The root first; each table once, each column once. */
  readonly tables: readonly TableColumns[]
  readonly output: OutputTree
}

/**
 * Tells what a schema reads and what it yields.
 *
 * @example
 * ```ts
 * introspection(schema)
 * // {
 * //   tables: [
 * //     { table: 'book', columns: ['id', 'title', 'authorId'] },
 * //     { table: 'author', columns: ['id', 'name'] },
 * //   ],
 * //   output: {
 * //     type: 'object',
 * //     properties: {
 * //       id: { type: 'column', table: 'book', column: 'id' },
 * //       title: { type: 'column', table: 'book', column: 'title' },
 * //       author: { type: 'column', table: 'author', column: 'name' },
 * //     },
 * //   },
 * // }
 * ```
 *
 * @throws SchemaError
 */
export function introspection(schema: RootSchema): Introspection {
  const plan = planOf(schema)
  return { tables: tablesOf(plan), output: outputTree(plan.root.output, plan.root) }
}

function tablesOf(plan: Plan): TableColumns[] {
  const tables = new Map<string, { table: string; columns: Set<string> }>()
  for (const { table, columns } of plan.nodes) {
    const key = tableKey(table)
    const entry = tables.get(key) ?? { table: nameOf(table), columns: new Set() }
    for (const column of columns) entry.columns.add(column)
    tables.set(key, entry)
  }
  return [...tables.values()].map(({ table, columns }) => ({ table, columns: [...columns] }))
}

function outputTree(output: Output, node: TableNode): OutputTree {
  switch (output.kind) {
    case 'column':
      return { type: 'column', table: nameOf(node.table), column: output.column, ...castOf(output) }
    case 'expression': {
      const { sql, columns } = output
      return { type: 'expression', table: nameOf(node.table), columns, sql, ...castOf(output) }
    }
    case 'object': {
      const entries = output.properties.map(([name, value]) => [name, outputTree(value, node)] as const)
      return { type: 'object', properties: Object.fromEntries(entries) }
    }
    case 'row':
      return outputTree(output.node.output, output.node)
    case 'rows': {
      const items = outputTree(output.node.output, output.node)
      return items.type === 'array' && output.flatten ? items : { type: 'array', items }
    }
    case 'aggregate': {
      const of = output.ofRows ? {} : { of: valueTree(output.node) }
      return { type: 'aggregate', function: output.function, table: nameOf(output.node.table), ...of }
    }
    default:
      return output satisfies never
  }
}

function castOf({ cast }: { cast: string | null }): { cast?: string } {
  return cast === null ? {} : { cast }
}

/** What is aggregated: the elements, where each row gives an array of them. */
function valueTree(node: TableNode): OutputTree {
  let tree = outputTree(node.output, node)
  while (tree.type === 'array') tree = tree.items
  return tree
}

function nameOf(table: TableName): string {
  return table.schema === undefined ? table.table : `${table.schema}.${table.table}`
}

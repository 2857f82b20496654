import { tableKey, type TableName } from '../events/table-name.ts'
import { planOf } from '../schema/plan.ts'
import type { RootSchema } from '../schema/schema.ts'
import type { TableRequirement } from './source.ts'

/** The tables that the schemas read, each once, with the columns they read, and those by which old rows must be recognisable. */
export function tableRequirements(schemas: readonly RootSchema[]): TableRequirement[] {
  const tables = new Map<string, TableName & { oldColumns: Set<string>; columns: Set<string> }>()
  for (const plan of schemas.map(planOf)) {
    for (const { table, link, columns } of plan.nodes) {
      const key = tableKey(table)
      const entry = tables.get(key) ?? { ...table, oldColumns: new Set<string>(), columns: new Set<string>() }
      const keys = link === null ? plan.primaryKey : link.pairs.map(({ child }) => child)
      for (const column of keys) entry.oldColumns.add(column)
      for (const column of columns) entry.columns.add(column)
      tables.set(key, entry)
    }
  }
  return Array.from(tables.values(), (entry) => ({
    ...entry,
    oldColumns: [...entry.oldColumns],
    columns: [...entry.columns],
  }))
}

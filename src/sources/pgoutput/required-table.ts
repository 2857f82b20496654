import type { TableRequirement } from '../../core/capture/source.ts'
import { CaptureError } from '../../core/errors/capture-error.ts'
import { tableKey } from '../../core/events/table-name.ts'

/** A requirement whose Postgres schema is spelled out. */
export interface RequiredTable extends TableRequirement {
  readonly schema: string
}

/** One requirement for each table: several object schemas may read the same one. */
export function mergeRequirements(requirements: readonly TableRequirement[]): RequiredTable[] {
  if (requirements.length === 0) {
    throw new CaptureError('OPTION_INVALID', 'PgoutputSource: there is no table to stream.')
  }
  const merged = new Map<string, RequiredTable>()
  for (const { schema = 'public', table, oldColumns, columns } of requirements) {
    const key = tableKey({ schema, table })
    const before = merged.get(key)
    merged.set(key, {
      schema,
      table,
      oldColumns: union(before?.oldColumns ?? [], oldColumns),
      columns: before === undefined ? columns : before.columns && columns && union(before.columns, columns),
    })
  }
  return [...merged.values()]
}

function union(one: readonly string[], other: readonly string[]): string[] {
  return [...new Set([...one, ...other])]
}

import { CaptureError } from '../errors/capture-error.ts'
import { displayTableName, type TableName } from '../events/table-name.ts'
import type { QueryClient } from '../sql/client.ts'
import { quoteLiteral, quoteTable } from '../sql/identifier.ts'
import { textColumns } from '../sql/text-columns.ts'
import type { Plan } from './plan.ts'

const KINDS: Readonly<Record<string, string>> = { v: 'a view', m: 'a materialized view' }

/** Why what is named as a table can't be one, by its `pg_class.relkind`; `null` where it is no view. */
export function viewProblem(table: TableName, kind: string): CaptureError | null {
  const view = KINDS[kind]
  if (view === undefined) return null
  const text = `${displayTableName(table)} is ${view}, which has no changes of its own. Name the tables beneath it.`
  return new CaptureError('TABLE_NOT_CAPTURABLE', text)
}

/**
 * Asks the database whether the schema takes a view for a table: no source has events of one, so its objects would be built once
 * and never again.
 *
 * @throws CaptureError `TABLE_NOT_CAPTURABLE`, `CLIENT_RESULT_INVALID`; the client's own error.
 */
export async function refuseViews({ nodes }: Plan, client: QueryClient): Promise<void> {
  const tables = new Map(nodes.map(({ table }) => [quoteTable(table), table]))
  const names = [...tables.keys()].map((name) => `(${quoteLiteral(name)})`).join(', ')
  const kinds = Object.keys(KINDS).map(quoteLiteral).join(', ')
  const { rows } = await client.query(
    'SELECT "named"."name", "c".relkind::text AS "kind"' +
      ` FROM (VALUES ${names}) AS "named" ("name")` +
      ' JOIN pg_catalog.pg_class AS "c" ON "c".oid = to_regclass("named"."name")' +
      ` WHERE "c".relkind IN (${kinds})`,
    [],
  )
  for (const row of rows) {
    const { name, kind } = textColumns(row, ['name', 'kind'])
    const table = tables.get(name)
    const problem = table === undefined ? null : viewProblem(table, kind)
    if (problem !== null) throw problem
  }
}

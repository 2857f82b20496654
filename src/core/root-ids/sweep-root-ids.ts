import type { Plan } from '../schema/plan.ts'
import type { QueryClient } from '../sql/client.ts'
import { quoteIdentifier, quoteTable } from '../sql/identifier.ts'
import { idOfRow } from './resolve-root-ids.ts'

const IDS_PER_PAGE = 10_000

/**
 * Yields the ids of all roots, page by page in the order of the primary key (keyset pagination): memory stays bounded, no
 * transaction stays open, and a root that exists throughout is met exactly once.
 */
export async function* sweepRootIds(plan: Plan, client: QueryClient): AsyncGenerator<string[]> {
  const key = quoteIdentifier(plan.primaryKey)
  const table = quoteTable(plan.root.table)
  const page = `ORDER BY ${key} LIMIT ${IDS_PER_PAGE}`
  let { rows } = await client.query(`SELECT ${key}::text AS "id" FROM ${table} ${page}`, [])
  while (rows.length > 0) {
    const ids = rows.map(idOfRow)
    yield ids
    if (ids.length < IDS_PER_PAGE) return
    const after = ids.at(-1)
    rows = (
      await client.query(`SELECT ${key}::text AS "id" FROM ${table} WHERE ${key} > $1 ${page}`, [after])
    ).rows
  }
}

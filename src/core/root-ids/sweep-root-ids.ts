import { columnsOfKey } from '../events/key-of-columns.ts'
import type { Plan } from '../schema/plan.ts'
import type { QueryClient } from '../sql/client.ts'
import { asPrinted } from '../sql/as-printed.ts'
import { quoteIdentifier, quoteTable } from '../sql/identifier.ts'
import { TableAliases } from '../sql/table-aliases.ts'
import { idOfRow } from './resolve-root-ids.ts'

const IDS_PER_PAGE = 10_000

/**
 * Yields the ids of all roots, page by page in the order of the primary key (keyset pagination): memory stays bounded, no
 * transaction stays open, and a root that exists throughout is met exactly once.
 */
export async function* sweepRootIds(plan: Plan, client: QueryClient): AsyncGenerator<string[]> {
  const alias = new TableAliases().next(plan.root.table.table)
  // By its qualified name: ORDER BY "id" would mean the selected text, in which '10' stands before '9'.
  const keys = plan.primaryKey.map((column) => `${alias}.${quoteIdentifier(column)}`)
  const select = `SELECT ${asPrinted(keys)} AS "id" FROM ${quoteTable(plan.root.table)} AS ${alias}`
  const page = `ORDER BY ${keys.join(', ')} LIMIT ${IDS_PER_PAGE}`
  const after = `(${keys.join(', ')}) > (${keys.map((_, index) => `$${index + 1}`).join(', ')})`
  let { rows } = await client.query(`${select} ${page}`, [])
  while (rows.length > 0) {
    const ids = rows.map(idOfRow)
    yield ids
    if (ids.length < IDS_PER_PAGE) return
    const last = columnsOfKey(ids.at(-1) as string, keys.length)
    rows = (await client.query(`${select} WHERE ${after} ${page}`, [...last])).rows
  }
}

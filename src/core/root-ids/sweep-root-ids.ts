import { columnsOfKey } from '../events/key-of-columns.ts'
import { filterSql } from '../schema/filter.ts'
import type { Plan } from '../schema/plan.ts'
import type { QueryClient } from '../sql/client.ts'
import { asPrinted } from '../sql/as-printed.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import { quoteIdentifier, quoteTable } from '../sql/identifier.ts'
import type { Parameter, SqlParts } from '../sql/query-builder.ts'
import { compileStatement } from '../sql/statement.ts'
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
  const last = keys.map((): Parameter => ({ value: null }))
  const filter = plan.root.filter === null ? [] : [filterSql(plan.root.filter, alias)]
  const page = (conditions: readonly SqlParts[]): SqlParts => {
    const where = conditions.length === 0 ? [] : sql` WHERE ${joinSql(conditions, ' AND ')}`
    const select = sql`SELECT ${asPrinted(keys)} AS "id" FROM ${quoteTable(plan.root.table)} AS ${alias}`
    return sql`${select}${where} ORDER BY ${keys.join(', ')} LIMIT ${String(IDS_PER_PAGE)}`
  }
  const first = compileStatement(page(filter), [])
  const parameters = joinSql(
    last.map((parameter): SqlParts => [parameter]),
    ', ',
  )
  const next = compileStatement(page([sql`(${keys.join(', ')}) > (${parameters})`, ...filter]), last)
  let { rows } = await client.query(first.text, [...first.fixed])
  while (rows.length > 0) {
    const ids = rows.map(idOfRow)
    yield ids
    if (ids.length < IDS_PER_PAGE) return
    const after = columnsOfKey(ids.at(-1) as string, keys.length)
    rows = (await client.query(next.text, [...after, ...next.fixed])).rows
  }
}

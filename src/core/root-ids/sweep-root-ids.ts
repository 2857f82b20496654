import { columnsOfKey } from '../events/key-of-columns.ts'
import { filterSql } from '../schema/filter.ts'
import type { Plan } from '../schema/plan.ts'
import type { QueryClient } from '../sql/client.ts'
import { asPrinted } from '../sql/as-printed.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import { quoteIdentifier, quoteTable } from '../sql/identifier.ts'
import { inFixedSettings } from '../sql/in-fixed-settings.ts'
import type { Parameter, SqlParts } from '../sql/query-builder.ts'
import { compileStatement } from '../sql/statement.ts'
import { TableAliases } from '../sql/table-aliases.ts'
import { idOfRow } from './resolve-root-ids.ts'

export interface SweepOptions {
  /** Goes on behind this id, in the order of the primary key. */
  readonly after?: string | undefined
  readonly idsPerPage?: number | undefined
}

/**
 * Yields the ids of all roots, page by page in the order of the primary key (keyset pagination): memory stays bounded, no
 * transaction stays open, and a root that exists throughout is met exactly once.
 */
export async function* sweepRootIds(
  plan: Plan,
  client: QueryClient,
  { after, idsPerPage = 10_000 }: SweepOptions = {},
): AsyncGenerator<string[]> {
  const alias = new TableAliases().next(plan.root.table.table)
  // By its qualified name: ORDER BY "id" would mean the selected text, in which '10' stands before '9'.
  const keys = plan.primaryKey.map((column) => `${alias}.${quoteIdentifier(column)}`)
  const last = keys.map((): Parameter => ({ value: null }))
  const filter = plan.root.filter === null ? [] : [filterSql(plan.root.filter, alias)]
  const page = (conditions: readonly SqlParts[]): SqlParts => {
    const where = conditions.length === 0 ? [] : sql` WHERE ${joinSql(conditions, ' AND ')}`
    const select = sql`SELECT ${asPrinted(keys)} AS "id" FROM ${quoteTable(plan.root.table)} AS ${alias}`
    return inFixedSettings(sql`${select}${where} ORDER BY ${keys.join(', ')} LIMIT ${String(idsPerPage)}`)
  }
  const first = compileStatement(page(filter), [])
  const parameters = joinSql(
    last.map((parameter): SqlParts => [parameter]),
    ', ',
  )
  const next = compileStatement(page([sql`(${keys.join(', ')}) > (${parameters})`, ...filter]), last)
  const pageAfter = async (id: string | undefined): Promise<string[]> => {
    const values = id === undefined ? first.fixed : [...columnsOfKey(id, keys.length), ...next.fixed]
    const { rows } = await client.query(id === undefined ? first.text : next.text, [...values])
    return rows.map(idOfRow)
  }
  let ids = await pageAfter(after)
  while (ids.length > 0) {
    yield ids
    if (ids.length < idsPerPage) return
    ids = await pageAfter(ids.at(-1))
  }
}

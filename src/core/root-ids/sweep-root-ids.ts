import { filterSql } from '../schema/filter.ts'
import type { Plan } from '../schema/plan.ts'
import type { QueryClient } from '../sql/client.ts'
import { asPrinted } from '../sql/as-printed.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import { quoteIdentifier, quoteTable } from '../sql/identifier.ts'
import { TableAliases } from '../sql/table-aliases.ts'
import { keysetPages, readPages } from './keyset-pages.ts'

export interface SweepOptions {
  /** Goes on behind this id, in the order of the primary key. */
  readonly after?: string | undefined
  readonly idsPerPage?: number | undefined
}

/** Yields the ids of all roots, page by page in the order of the primary key. */
export function sweepRootIds(
  plan: Plan,
  client: QueryClient,
  { after, idsPerPage = 10_000 }: SweepOptions = {},
): AsyncGenerator<string[]> {
  const alias = new TableAliases().next(plan.root.table.table)
  const keys = plan.primaryKey.map((column) => `${alias}.${quoteIdentifier(column)}`)
  const filter = plan.root.filter === null ? [] : [filterSql(plan.root.filter, alias)]
  const pages = keysetPages(keys, idsPerPage, (isBehind) => {
    const conditions = [...isBehind, ...filter]
    const where = conditions.length === 0 ? [] : sql` WHERE ${joinSql(conditions, ' AND ')}`
    return sql`SELECT ${asPrinted(keys)} AS "id" FROM ${quoteTable(plan.root.table)} AS ${alias}${where}`
  })
  return readPages(pages, client, [], after)
}

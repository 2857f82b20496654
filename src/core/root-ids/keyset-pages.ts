import { columnsOfKey } from '../events/key-of-columns.ts'
import type { QueryClient } from '../sql/client.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import { inFixedSettings } from '../sql/in-fixed-settings.ts'
import type { Parameter, SqlParts } from '../sql/query-builder.ts'
import { compileStatement, type Statement } from '../sql/statement.ts'
import { idsOfPage } from './id-of-row.ts'

/** A page comes as one text: a row for each id costs a client several times the time and the memory. */
const IN_ONE_ROW = `COALESCE(JSON_AGG("row"."id")::text, '[]') AS "ids"`

/** The statements that read ids by keyset pagination. */
export interface KeysetPages {
  readonly first: Statement
  /** From behind an id on, whose columns follow the open parameters of the first. */
  readonly next: Statement
  readonly idColumns: number
  readonly idsPerPage: number
}

/**
 * @param keys the columns of the id, by their qualified names: an ORDER BY "id" would mean the selected text, in which '10' stands before '9'.
 * @param select the statement, with one more condition or none, and without order and limit.
 * @param open its parameters that each reading gives.
 */
export function keysetPages(
  keys: readonly string[],
  idsPerPage: number,
  select: (isBehind: readonly SqlParts[]) => SqlParts,
  open: readonly Parameter[] = [],
): KeysetPages {
  const last = keys.map((): Parameter => ({ value: null }))
  const lastId = joinSql(
    last.map((parameter): SqlParts => [parameter]),
    ', ',
  )
  const id = keys.join(', ')
  const page = (isBehind: readonly SqlParts[]): SqlParts =>
    inFixedSettings(sql`${select(isBehind)} ORDER BY ${id} LIMIT ${String(idsPerPage)}`, IN_ONE_ROW)
  return {
    first: compileStatement(page([]), open),
    next: compileStatement(page([sql`(${id}) > (${lastId})`]), [...open, ...last]),
    idColumns: keys.length,
    idsPerPage,
  }
}

/**
 * Yields the ids page by page, in the order of their columns: memory stays bounded, no transaction stays open, and an id that is there
 * throughout is met exactly once.
 *
 * @param after goes on behind this id.
 */
export async function* readPages(
  { first, next, idColumns, idsPerPage }: KeysetPages,
  client: QueryClient,
  values: readonly unknown[],
  after?: string,
): AsyncGenerator<string[]> {
  let last = after
  for (;;) {
    const { text, fixed } = last === undefined ? first : next
    const behind = last === undefined ? [] : columnsOfKey(last, idColumns)
    const { rows } = await client.query(text, [...values, ...behind, ...fixed])
    const ids = idsOfPage(rows[0])
    if (ids.length > 0) yield ids
    if (ids.length < idsPerPage) return
    last = ids.at(-1)
  }
}

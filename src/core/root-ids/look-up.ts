import type { ColumnPair, TableNode } from '../schema/plan.ts'
import { arrayParameterLike } from '../sql/array-parameter.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import { quoteIdentifier } from '../sql/identifier.ts'
import { isAmong } from '../sql/is-among.ts'
import type { Parameter, SqlParts } from '../sql/query-builder.ts'
import { type KeysetPages, keysetPages } from './keyset-pages.ts'

/** A look-up gives so many ids at once, in the order of the root's key: what hangs on one row may be a whole table. */
const IDS_PER_PAGE = 200_000

/** How the roots of keys are found. */
export interface LookUp {
  /** `SELECT … FROM … WHERE`, to be followed by a condition. */
  readonly head: SqlParts
  /** `"book_1"."authorId"`, which have to equal the columns of the key. */
  readonly columns: readonly string[]
  /** ` AND "book_1"."hidden" = $2 GROUP BY "book_1"."id"` */
  readonly tail: SqlParts
  /**
   * The whole statements for arrays of keys, one for each of their columns. The keys keep the type of the column that they come
   * from, so that they compare as SQL compares the two columns: a `numeric` 1.00 finds the `integer` 1.
   */
  readonly pages: KeysetPages
  /** Equal for look-ups that are one and the same. */
  readonly identity: string
}

export interface LookUpParts {
  /** The columns of the id, and the id as it is selected. */
  readonly id: readonly string[]
  readonly shown: string
  readonly from: SqlParts
  /** Of the place whose columns equal the key. */
  readonly alias: string
  readonly conditions: readonly SqlParts[]
}

/** @param pairs what has to be equal: columns of the changed row, and of the place under `alias`. */
export function writeLookUp(changed: TableNode, pairs: readonly ColumnPair[], parts: LookUpParts): LookUp {
  const id = parts.id.join(', ')
  const head = sql`SELECT ${parts.shown} AS "id" FROM ${parts.from} WHERE `
  const columns = pairs.map(({ parent }) => `${parts.alias}.${quoteIdentifier(parent)}`)
  const tail = sql`${parts.conditions.flatMap((condition) => sql` AND ${condition}`)} GROUP BY ${id}`
  const keys = pairs.map((): Parameter => ({ value: null }))
  const arrays = pairs.map(({ child }, index) =>
    arrayParameterLike(changed.table, child, keys[index] as Parameter),
  )
  const pages = keysetPages(
    parts.id,
    IDS_PER_PAGE,
    (isBehind) => sql`${head}${joinSql([isAmong(columns, arrays), ...isBehind], ' AND ')}${tail}`,
    keys,
  )
  return { head, columns, tail, pages, identity: JSON.stringify([pages.first.text, pages.first.fixed]) }
}

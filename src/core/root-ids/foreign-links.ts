import type { TableName } from '../events/table-name.ts'
import type { Plan, TableNode } from '../schema/plan.ts'
import { askedOnce } from '../sql/asked-once.ts'
import type { QueryClient } from '../sql/client.ts'
import { quoteIdentifier, quoteLiteral, quoteTable } from '../sql/identifier.ts'
import { textColumns } from '../sql/text-columns.ts'
import { pathsOf, type ShortPath } from './path-to-root.ts'

/** Types of which equal values have one text. */
const ONE_TEXT_TYPES = [
  'int2',
  'int4',
  'int8',
  'oid',
  'uuid',
  'bytea',
  'text',
  'varchar',
  'date',
  'timestamp',
  'timestamptz',
]

/**
 * Knows which links to the root's primary key do not name an id by themselves, but need a look-up:
 *
 * - those of another type than the key, a `numeric` that points to an `integer`, say: Postgres compares the two gladly, but
 *   `'2.50'` is no text of an integer;
 * - those of a type that has several texts for equal values, as 1.0 and 1.00: two builders would hold one root at a time.
 *
 * The types are asked of the database once, when the first event on such a link comes.
 */
export class ForeignLinks {
  readonly #plan: Plan
  readonly #client: QueryClient
  /** For each place whose path is short: the one that links to the root's primary key. */
  readonly #ends: ReadonlyMap<TableNode, ShortPath>
  readonly #found = askedOnce(() => this.#ask())

  constructor(plan: Plan, client: QueryClient) {
    this.#plan = plan
    this.#client = client
    this.#ends = new Map(
      [...pathsOf(plan, 'text')].flatMap(([node, { short }]) =>
        short === null ? [] : [[node, short] as const],
      ),
    )
  }

  /** Those among the places whose path ends at such a link, or more. */
  async among(nodes: readonly TableNode[]): Promise<ReadonlySet<TableNode>> {
    if (!nodes.some((node) => this.#ends.has(node))) return NONE
    return this.#found()
  }

  async #ask(): Promise<ReadonlySet<TableNode>> {
    const { root, primaryKey } = this.#plan
    const types = `'{${ONE_TEXT_TYPES.join(',')}}'::regtype[]`
    const links = new Map([...this.#ends.values()].map(({ node, columns }) => [node, columns]))
    const comparisons = Array.from(links, ([{ table }, columns], index) => {
      const same = columns.map((column, at) => {
        const keyColumn = primaryKey[at] as string
        const key = typeOf(root.table, keyColumn)
        const isFolded = `${foldsTexts(root.table, keyColumn)} OR ${foldsTexts(table, column)}`
        return `${key} = ${typeOf(table, column)} AND ${key} = ANY(${types}) AND NOT (${isFolded})`
      })
      return `SELECT '${index}' AS "link", CASE WHEN ${same.join(' AND ')} THEN 'yes' ELSE 'no' END AS "same"`
    })
    const { rows } = await this.#client.query(comparisons.join(' UNION ALL '), [])
    const answers = rows.map((row) => textColumns(row, ['link', 'same']))
    const same = new Set(answers.filter((answer) => answer.same === 'yes').map(({ link }) => link))
    const foreign = new Set([...links.keys()].filter((_, index) => !same.has(String(index))))
    return new Set([...this.#ends].flatMap(([place, { node }]) => (foreign.has(node) ? [place] : [])))
  }
}

const NONE: ReadonlySet<TableNode> = new Set()

/** The type that a column is declared with, whether or not there is a row. */
function typeOf(table: TableName, column: string): string {
  return `pg_typeof((SELECT ${quoteIdentifier(column)} FROM ${quoteTable(table)} WHERE FALSE))`
}

/** Whether the column's collation takes different texts for equal. */
function foldsTexts(table: TableName, column: string): string {
  return (
    'EXISTS (SELECT FROM pg_attribute AS "a" JOIN pg_collation AS "c" ON "c".oid = "a".attcollation' +
    ` WHERE "a".attrelid = ${quoteLiteral(quoteTable(table))}::regclass AND "a".attname = ${quoteLiteral(column)}` +
    ' AND NOT "c".collisdeterministic)'
  )
}

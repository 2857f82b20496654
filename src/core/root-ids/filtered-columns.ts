import type { Filter } from '../schema/filter.ts'
import type { Plan, TableNode } from '../schema/plan.ts'
import { askedOnce } from '../sql/asked-once.ts'
import type { QueryClient } from '../sql/client.ts'
import { quoteLiteral, quoteTable } from '../sql/identifier.ts'
import { textColumns } from '../sql/text-columns.ts'
import type { TextForm, TextForms } from './may-match.ts'

const TYPES: Readonly<Record<TextForm, string>> = {
  integer: `'{int2,int4,int8}'::regtype[]`,
  uuid: `'{uuid}'::regtype[]`,
  boolean: `'{bool}'::regtype[]`,
  text: `'{text,varchar}'::regtype[]`,
}

/**
 * Knows of which columns in filters an event's value can be compared with a text as Postgres would do it. The types are asked
 * of the database once, when the first event on such a place comes.
 */
export class FilteredColumns {
  readonly #client: QueryClient
  /** The places with a filter that compares, and the columns that it compares. */
  readonly #columns: ReadonlyMap<TableNode, readonly string[]>
  readonly #found = askedOnce(() => this.#ask())

  constructor({ nodes }: Plan, client: QueryClient) {
    this.#client = client
    this.#columns = new Map(
      nodes.flatMap((node) => {
        const columns = node.filter === null ? [] : comparedColumns(node.filter)
        return columns.length === 0 ? [] : [[node, columns] as const]
      }),
    )
  }

  /** The forms of the nodes' columns, or of more. */
  async formsOf(nodes: readonly TableNode[]): Promise<ReadonlyMap<TableNode, TextForms>> {
    if (!nodes.some((node) => this.#columns.has(node))) return NONE
    return this.#found()
  }

  async #ask(): Promise<ReadonlyMap<TableNode, TextForms>> {
    const places = [...this.#columns.keys()]
    const questions = places.map((node, index) => formsQuestion(node, index, this.#columns.get(node) ?? []))
    const { rows } = await this.#client.query(questions.join(' UNION ALL '), [])
    const forms = new Map(places.map((node) => [node, new Map<string, TextForm>()]))
    for (const row of rows) {
      const { place, column, form } = textColumns(row, ['place', 'column', 'form'])
      const node = places[Number(place)]
      if (node !== undefined && isTextForm(form)) forms.get(node)?.set(column, form)
    }
    return forms
  }
}

const NONE: ReadonlyMap<TableNode, TextForms> = new Map()

function comparedColumns(filter: Filter): readonly string[] {
  if ('filters' in filter) return filter.filters.flatMap(comparedColumns)
  return filter.kind === 'among' ? [filter.column] : []
}

function formsQuestion({ table }: TableNode, index: number, columns: readonly string[]): string {
  const cases = Object.entries(TYPES).map(
    ([form, types]) => `WHEN "a".atttypid = ANY(${types}) THEN '${form}'`,
  )
  return (
    `SELECT '${index}' AS "place", "a".attname::text AS "column",` +
    // A collation may take different texts for equal. A label of an enum is never equal to another one.
    ` CASE WHEN "c".collisdeterministic = false THEN '' ${cases.join(' ')} WHEN "t".typtype = 'e' THEN 'text' ELSE '' END AS "form"` +
    ' FROM pg_catalog.pg_attribute AS "a" JOIN pg_catalog.pg_type AS "t" ON "t".oid = "a".atttypid' +
    ' LEFT JOIN pg_catalog.pg_collation AS "c" ON "c".oid = "a".attcollation' +
    ` WHERE "a".attrelid = to_regclass(${quoteLiteral(quoteTable(table))})` +
    ` AND "a".attname IN (${[...new Set(columns)].map(quoteLiteral).join(', ')})`
  )
}

function isTextForm(form: string): form is TextForm {
  return Object.hasOwn(TYPES, form)
}

import type { QueryClient } from './client.ts'
import { quoteLiteral } from './identifier.ts'

/** A value that a statement takes as parameter. Two uses of one object are one parameter. */
export interface Parameter {
  readonly value: unknown
}

/** A statement in pieces: SQL text, and parameters where they stand in it. */
export type SqlParts = readonly (string | Parameter)[]

/** How `run` reads a statement: as pg-capture itself does, so that neither session nor driver has a say in the values. */
export interface Reading<Row> {
  /** Gives the values of the statement as text. */
  readonly statement: SqlParts
  readonly row: (row: unknown) => Row
}

/**
 * A statement with its parameters.
 *
 * @example
 * ```ts
 * const { query } = getRootIdsFromEvent(schema, event)
 * query.toQuery() // { text: 'SELECT … WHERE "book_1"."authorId" = $1 GROUP BY "book_1"."id"', values: ['bar'] }
 * query.toString() // `SELECT … WHERE "book_1"."authorId" = 'bar' GROUP BY "book_1"."id"`
 * await query.run(client) // [{ id: 'foo' }]
 * ```
 */
export class QueryBuilder<Row = Record<string, unknown>> {
  readonly #parts: SqlParts
  readonly #reading: Reading<Row> | null

  constructor(parts: SqlParts, reading: Reading<Row> | null = null) {
    this.#parts = parts
    this.#reading = reading
  }

  /** The statement for a driver: `$n` in the text, the values in their order. */
  toQuery(): { text: string; values: unknown[] } {
    const { text, parameters } = numberParameters(this.#parts)
    return { text, values: parameters.map(({ value }) => value) }
  }

  /** The statement with its values quoted in, for a person to read or to paste into psql. */
  toString(): string {
    return this.#parts.map((part) => (typeof part === 'string' ? part : literal(part.value))).join('')
  }

  /**
   * Runs the statement and gives its rows, ids as text and numbers exact. A driver that runs the text of `toQuery` makes of the values
   * what it makes of any: it may round them.
   */
  async run(client: QueryClient): Promise<Row[]> {
    const reading = this.#reading
    const { text, parameters } = numberParameters(reading?.statement ?? this.#parts)
    const { rows } = await client.query(
      text,
      parameters.map(({ value }) => value),
    )
    return reading === null ? (rows as Row[]) : rows.map(reading.row)
  }
}

/** The text with `$n` for each parameter: those that come first by themselves, then all others as they appear. */
export function numberParameters(
  parts: SqlParts,
  first: readonly Parameter[] = [],
): { text: string; parameters: readonly Parameter[] } {
  const numbers = new Map(first.map((parameter, index) => [parameter, index + 1]))
  let text = ''
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part
      continue
    }
    const number = numbers.get(part) ?? numbers.size + 1
    numbers.set(part, number)
    text += `$${number}`
  }
  return { text, parameters: [...numbers.keys()] }
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (Array.isArray(value)) return quoteLiteral(arrayText(value))
  if (value instanceof Date) return quoteLiteral(value.toISOString())
  return quoteLiteral(plainText(value))
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function arrayText(items: readonly unknown[]): string {
  const quoted = items.map((item) =>
    item === null || item === undefined
      ? 'NULL'
      : `"${plainText(item).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`,
  )
  return `{${quoted.join(',')}}`
}

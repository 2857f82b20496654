import type pg from 'pg'
import type { BookshopSize } from '../bookshop.ts'

/** What is asked of a row, and what came out. */
export interface Asked {
  /** `≤ 1.15 × key push-down` */
  readonly what: string
  readonly measured: number
  readonly isMet: boolean
}

export interface BenchRow {
  readonly label: string
  readonly asked: readonly Asked[]
  /** Figures by column; `null` where a column does not apply. */
  readonly figures: Readonly<Record<string, number | null>>
}

/** What one benchmark found. The first column is ours. */
export interface BenchTable {
  readonly title: string
  readonly unit: string
  readonly columns: readonly string[]
  readonly rows: readonly BenchRow[]
  /** What a reader of the figures has to know. */
  readonly notes: readonly string[]
}

/** What a benchmark works with. */
export interface Stage {
  /** Of a database with the bookshop in it; what a benchmark changes there, it changes back. */
  readonly url: string
  readonly size: BookshopSize
  readonly isFull: boolean
  /** A connection that is ended after the benchmark. */
  connect(options?: pg.ClientConfig): Promise<pg.Client>
  /** Called for each step that takes long. */
  tell(step: string): void
}

/** One benchmark: one table, or several of one kind. */
export interface Bench {
  readonly name: string
  /** One line for `--help`. */
  readonly about: string
  run(stage: Stage): Promise<readonly BenchTable[]>
}

export function atMost(limit: number, measured: number, what: string): Asked {
  return { what: `≤ ${limit} ${what}`, measured, isMet: measured <= limit }
}

export function atLeast(limit: number, measured: number, what: string): Asked {
  return { what: `≥ ${limit} ${what}`, measured, isMet: measured >= limit }
}

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BookshopSize } from '../bookshop.ts'
import type { BenchTable } from './bench-table.ts'
import type { Machine } from './machine.ts'

/** What one run of the benchmarks leaves behind. */
export interface Results {
  readonly machine: Machine
  readonly isFull: boolean
  readonly size: BookshopSize
  /** Tables by the name of their benchmark. */
  readonly tables: Readonly<Record<string, readonly BenchTable[]>>
}

const folder = 'bench/results'

/** Writes the results to a file that is named after commit and time, and gives its path. `kind` is `full` for all tables in full size alone. */
export function saveResults(results: Results, kind: 'full' | 'small' | 'partial'): string {
  mkdirSync(folder, { recursive: true })
  const { commit, date } = results.machine
  const name = `${kind}-${date.slice(0, 16).replaceAll(':', '')}-${commit.replace('+', '-changed')}.json`
  const path = join(folder, name)
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`)
  return path
}

/** The results of the last full run that are kept. @throws Error where there are none. */
export function lastFullResults(): { readonly path: string; readonly results: Results } {
  const name = readdirSync(folder)
    .filter((file) => file.startsWith('full-'))
    .toSorted()
    .at(-1)
  if (name === undefined)
    throw new Error(`There are no results of a full run in ${folder}: npm run bench -- --full`)
  const path = join(folder, name)
  return { path, results: JSON.parse(readFileSync(path, 'utf8')) as Results }
}

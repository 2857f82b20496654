import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { lastFullResults } from '../harness/results.ts'
import { buildChart } from './build-chart.ts'
import { fillTables } from './fill-tables.ts'

const CHART = 'docs/images/build.svg'
const PAGE = 'docs/scaling.md'

/** What the documents have to hold by the last full run, by path. */
export function benchDocuments(): Record<string, string> {
  const { path, results } = lastFullResults()
  return { [CHART]: buildChart(results), [PAGE]: fillTables(readFileSync(PAGE, 'utf8'), path, results) }
}

export function writeDocuments(): string[] {
  const documents = Object.entries(benchDocuments())
  for (const [path, text] of documents) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return documents.map(([path]) => path)
}

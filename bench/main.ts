import { writeDocuments } from './documents/write-documents.ts'
import { FULL_SIZE, SMALL_SIZE } from './bookshop.ts'
import type { Bench, BenchTable } from './harness/bench-table.ts'
import { readOptions } from './harness/command-line.ts'
import { machineOf } from './harness/machine.ts'
import { saveResults } from './harness/results.ts'
import { showAllAsked } from './harness/show-asked.ts'
import { showTable } from './harness/show-table.ts'
import { openStage } from './harness/stage.ts'
import { backfill } from './tables/backfill.ts'
import { buildQuery } from './tables/build-query.ts'
import { builders } from './tables/builders.ts'
import { fanOut } from './tables/fan-out.ts'
import { ingest } from './tables/ingest.ts'
import { latency } from './tables/latency.ts'
import { load } from './tables/load.ts'
import { micro } from './tables/micro.ts'
import { resolution } from './tables/resolution.ts'
import { sizes } from './tables/sizes.ts'
import { transactionMemory } from './tables/transaction-memory.ts'

const benches: readonly Bench[] = [
  buildQuery,
  resolution,
  micro,
  fanOut,
  ingest,
  latency,
  load,
  transactionMemory,
  backfill,
  builders,
  sizes,
]

const help = `npm run bench -- [--full] [--only NAME,NAME] [--no-save] | --docs

  --full     the sizes that docs/scaling.md quotes, in place of a tenth of them
  --only     some of the benchmarks
  --no-save  keep no results
  --docs     write docs/scaling.md and its chart by the last full run, and measure nothing

${benches.map(({ name, about }) => `  ${name.padEnd(20)}${about}`).join('\n')}
`

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(
    args,
    benches.map(({ name }) => name),
  )
  if (options.help) {
    process.stdout.write(help)
    return 0
  }
  if (options.docs) {
    process.stdout.write(`${writeDocuments().join('\n')}\n`)
    return 0
  }
  const tell = (step: string): void => {
    process.stderr.write(`  ${step}\n`)
  }
  const size = options.full ? FULL_SIZE : SMALL_SIZE
  const stage = await openStage(size, options.full, tell)
  const tables: Record<string, readonly BenchTable[]> = {}
  try {
    const machine = await machineOf(stage.url)
    const { processor, cores, memoryGiB, system, node, pg, postgres, commit, load } = machine
    process.stdout.write(
      `${processor}, ${cores} cores, ${memoryGiB} GiB, ${system}; load ${load} before the run\n` +
        `Node ${node}, pg ${pg}, PostgreSQL ${postgres}, commit ${commit}\n\n`,
    )
    for (const bench of benches) {
      if (options.only.length > 0 && !options.only.includes(bench.name)) continue
      tell(bench.name)
      tables[bench.name] = await bench.run(stage)
      await stage.leave()
      for (const table of tables[bench.name] ?? []) process.stdout.write(`${showTable(table)}\n`)
    }
    process.stdout.write(`${showAllAsked(Object.values(tables).flat())}\n`)
    const kind = options.only.length > 0 ? 'partial' : options.full ? 'full' : 'small'
    if (options.save) tell(`results: ${saveResults({ machine, isFull: options.full, size, tables }, kind)}`)
  } catch (error) {
    // What closing throws after that, as of a slot that is still read, would hide why.
    await stage.close().catch(() => undefined)
    throw error
  }
  await stage.close()
  return 0
}

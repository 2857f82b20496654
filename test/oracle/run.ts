import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readBudget } from './budget.ts'
import { Coverage } from './coverage.ts'

const usage = 'npm run oracle -- [--minutes 30] [--seed 1] [--lanes 2]'

/** Between the seeds of two lanes, which count up from case to case. */
const SEEDS_APART = 10_000_019

/**
 * Runs the oracle alone, for longer than the tests do: `npm run oracle -- --minutes 30 --seed 1`. Each lane is a process with a
 * Postgres of its own, by default one for each processor.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string' },
      lanes: { type: 'string', default: String(availableParallelism()) },
    },
  })
  const lanes = Number(values.lanes)
  if (!Number.isInteger(lanes) || lanes < 1) throw new Error(`"${values.lanes}" is no number of lanes.`)
  // Refuses here what the tests would refuse later.
  const { seconds, seed } = readBudget({
    ORACLE_SECONDS: String(60 * Number(values.minutes)),
    ORACLE_SEED: values.seed,
  })
  const folder = mkdtempSync(join(tmpdir(), 'pg-capture-oracle-'))
  try {
    const reports = Array.from({ length: lanes }, (_, lane) => join(folder, `${lane}.json`))
    const codes = await Promise.all(
      reports.map((report, lane) => runLane({ seconds, seed: (seed + lane * SEEDS_APART) | 0, report })),
    )
    process.exitCode = codes.every((code) => code === 0) ? 0 : 1
    const total = new Coverage()
    for (const report of reports.filter((file) => existsSync(file))) {
      total.add(Coverage.fromJson(readFileSync(report, 'utf8')))
    }
    const rate = (total.of('case') / seconds).toFixed(1)
    console.log(`\nAll ${lanes} lanes, ${rate} cases a second:\n${total.report()}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runLane(lane: { seconds: number; seed: number; report: string }): Promise<number> {
  const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')))
  const child: ChildProcess = spawn(process.execPath, [vitest, 'run', 'test/oracle/objects.pg.test.ts'], {
    env: {
      ...process.env,
      ORACLE_SECONDS: String(lane.seconds),
      ORACLE_SEED: String(lane.seed),
      ORACLE_REPORT: lane.report,
    },
    stdio: 'inherit',
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  return code ?? 1
}

try {
  await main()
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\nUsage: ${usage}`)
  process.exitCode = 1
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readBudget } from './budget.ts'
import { Coverage } from './coverage.ts'
import { unmet } from './observe.ts'

const usage = 'npm run oracle -- [--minutes 30] [--seed 1] [--lanes 2]'

/** Between the seeds of two spells, which count up from case to case. */
const SEEDS_APART = 10_000_019
/** Cases take the longer, the more tables a server has seen come and go: so a lane begins anew with another one. */
const SPELL_SECONDS = 120

/**
 * Runs the oracle alone, for longer than the tests do: `npm run oracle -- --minutes 30 --seed 1`. Each lane is a process with a
 * Postgres of its own, by default one for each processor. It runs in spells, each in a new process and with a seed of its own, and ends
 * where one fails.
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
    const spells = Math.ceil(seconds / SPELL_SECONDS)
    const spellsOf = (lane: number): Spell[] =>
      Array.from({ length: spells }, (_, spell) => ({
        seconds: seconds / spells,
        seed: (seed + (spell * lanes + lane) * SEEDS_APART) | 0,
        report: join(folder, `${lane}-${spell}.json`),
      }))
    const codes = await Promise.all(Array.from({ length: lanes }, (_, lane) => runLane(spellsOf(lane))))
    const total = new Coverage()
    for (const report of readdirSync(folder))
      total.add(Coverage.fromJson(readFileSync(join(folder, report), 'utf8')))
    const rate = (total.of('case') / seconds).toFixed(1)
    console.log(`\nAll ${lanes} lanes, ${rate} cases a second:\n${total.report()}`)
    const missing = unmet(total)
    if (missing.length > 0) console.error(`Never occurred: ${missing.join(', ')}`)
    process.exitCode = missing.length === 0 && codes.every((code) => code === 0) ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Spell {
  readonly seconds: number
  readonly seed: number
  /** Where it leaves what it covered. */
  readonly report: string
}

/** One spell after the other; gives the exit code of the first that fails. */
async function runLane(spells: readonly Spell[]): Promise<number> {
  for (const spell of spells) {
    const code = await runSpell(spell)
    if (code !== 0) return code
  }
  return 0
}

async function runSpell(spell: Spell): Promise<number> {
  const vitest = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')))
  const child: ChildProcess = spawn(process.execPath, [vitest, 'run', 'test/oracle/objects.pg.test.ts'], {
    env: {
      ...process.env,
      ORACLE_SECONDS: String(spell.seconds),
      ORACLE_SEED: String(spell.seed),
      ORACLE_REPORT: spell.report,
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

import { parseArgs } from 'node:util'
import { type FaultKind, faultKinds } from './fault.ts'
import { planRounds, type RoundPlan } from './plan.ts'
import { describe, describeRound, report } from './report.ts'
import { Round } from './round.ts'
import { openStage } from './stage.ts'
import { Tally } from './tally.ts'
import { type Sabotage, sabotages } from './worker/worker-options.ts'

const usage = `npm run test:faults -- [--seed 1] [--minutes 10 | --rounds 4] [--steps 8] [--only 7] [--verbose]
  [--sabotage ${sabotages.map((name) => `"${name}"`).join(' | ')}]`

/** Rounds after which all configurations have come. */
const ROUNDS_OF_ALL_SETS = 4
/** Steps after which every kind of fault must have occurred, if all configurations have come: no target has more kinds. */
const STEPS_OF_ALL_KINDS = 20

interface Arguments {
  readonly seed: number
  /** Begins no round after this; undefined: no limit. */
  readonly minutes: number | undefined
  readonly rounds: number
  readonly steps: number
  /** Of all rounds of the seed, run this one alone. */
  readonly only: number | undefined
  /** Tells each fault as it comes. */
  readonly verbose: boolean
  /** Breaks the path on purpose: then the run has to fail. */
  readonly sabotage: Sabotage | undefined
}

async function main({ seed, minutes, rounds, steps, only, verbose, sabotage }: Arguments): Promise<boolean> {
  const tally = new Tally()
  const began = performance.now()
  const elapsed = (): number => (performance.now() - began) / 1_000
  const stage = await openStage()
  console.log(`Servers: ${Math.round(elapsed())} s`)
  const say = (line: string): void => void (verbose && console.log(line))
  let isWell = true
  try {
    for (const plan of planRounds(seed, steps)) {
      const { number, configuration } = plan
      if (number > (only ?? rounds) || (minutes !== undefined && elapsed() > minutes * 60)) break
      if (only !== undefined && number !== only) continue
      const startedAt = elapsed()
      const problems = await Round.run(stage, plan, { tally, say, sabotage })
      tally.add({ rounds: 1 })
      console.log(`Round ${number}: ${describe(configuration)}: ${Math.round(elapsed() - startedAt)} s`)
      if (problems.length === 0) continue
      isWell = false
      tell(plan, problems, { seed, steps })
      break
    }
  } finally {
    await stage.close()
  }
  console.log(`\n${report(tally, seed)}`)
  const missing = only === undefined && isWell ? missed(tally, steps) : []
  for (const kind of missing) console.error(`"${kind}" has not occurred.`)
  console.log(`Took ${Math.round(elapsed())} s: ${isWell && missing.length === 0 ? 'all is well' : 'FAILED'}`)
  return isWell && missing.length === 0
}

function missed({ counts, faults }: Tally, steps: number): FaultKind[] {
  const isLong = counts.rounds >= ROUNDS_OF_ALL_SETS && counts.rounds * steps >= STEPS_OF_ALL_KINDS
  return isLong ? faultKinds.filter((kind) => !faults.has(kind)) : []
}

function tell(
  plan: RoundPlan,
  problems: readonly string[],
  { seed, steps }: { seed: number; steps: number },
): void {
  console.error(`\nFAILED\n${describeRound(plan)}`)
  for (const problem of problems) console.error(`  ${problem}`)
  console.error(`Again: npm run test:faults -- --seed ${seed} --steps ${steps} --only ${plan.number}`)
}

function readArguments(): Arguments {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string' },
      rounds: { type: 'string' },
      steps: { type: 'string', default: '8' },
      only: { type: 'string' },
      verbose: { type: 'boolean', default: false },
      sabotage: { type: 'string' },
    },
  })
  const number = (name: Exclude<keyof typeof values, 'verbose'>, text: string, least: number): number => {
    const value = Number(text)
    if (text.trim() !== '' && value >= least) return value
    throw new Error(`--${name} is "${text}"; it has to be a number, ${least} or more.`)
  }
  const optional = (name: 'minutes' | 'rounds' | 'only', least: number): number | undefined => {
    const text = values[name]
    return text === undefined ? undefined : number(name, text, least)
  }
  const minutes = optional('minutes', 0)
  return {
    seed: number('seed', values.seed, 0),
    minutes,
    rounds: optional('rounds', 1) ?? (minutes === undefined ? ROUNDS_OF_ALL_SETS : Number.POSITIVE_INFINITY),
    steps: number('steps', values.steps, 1),
    only: optional('only', 1),
    verbose: values.verbose,
    sabotage: sabotageOf(values.sabotage),
  }
}

function sabotageOf(name: string | undefined): Sabotage | undefined {
  const known = sabotages.find((one) => one === name)
  if (name !== undefined && known === undefined) throw new Error(`There is no sabotage "${name}".`)
  return known
}

try {
  process.exitCode = (await main(readArguments())) ? 0 : 1
} catch (error) {
  console.error(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nUsage: ${usage}`)
  process.exitCode = 1
}

import fc from 'fast-check'
import { scripts } from './arbitrary/scripts.ts'
import { Coverage } from './coverage.ts'
import type { OracleServer } from './oracle-server.ts'
import { runScript } from './run-script.ts'
import type { Sabotage } from './sabotage.ts'
import type { Script } from './script.ts'

export interface ExploreParameters {
  readonly seed: number
  readonly seconds: number
  /** Ends the search after so many cases, where given. */
  readonly cases?: number
  readonly sabotage?: (script: Script) => Sabotage
  /** Applied to each generated script. */
  readonly adapt?: (script: Script) => Script
  /** How long a failure may be made smaller. */
  readonly shrinkSeconds?: number
}

export interface Exploration {
  readonly coverage: Coverage
  readonly failure: Failure | undefined
}

export interface Failure {
  readonly script: Script
  readonly problems: readonly string[]
  /** Gives the case again: `fc.check` with this seed and path. */
  readonly seed: number
  readonly path: string
  /** How many cases had passed before. */
  readonly casesBefore: number
}

/** Cases of one call of fast-check; the time is looked at between the calls. */
const CASES_PER_ROUND = 20

/** Runs random cases until one fails or the time is over. A failing one is made smaller. */
export async function explore(server: OracleServer, parameters: ExploreParameters): Promise<Exploration> {
  const { seed, seconds, cases = Infinity, shrinkSeconds = 60 } = parameters
  const { sabotage = () => ({}), adapt = (script) => script } = parameters
  const coverage = new Coverage()
  const deadline = performance.now() + seconds * 1_000
  let shrinkUntil = Infinity
  let smallest: { script: Script; problems: readonly string[] } | undefined

  const property = fc.asyncProperty(scripts, async (generated) => {
    // Once the time for shrinking is over, everything passes, so that fast-check ends with the smallest found.
    if (performance.now() > shrinkUntil) return
    const script = adapt(generated)
    const verdict = await runScript(server, script, sabotage(script))
    if (smallest === undefined) coverage.add(verdict.coverage)
    if (verdict.problems.length === 0) return
    smallest = { script, problems: verdict.problems }
    if (shrinkUntil === Infinity) shrinkUntil = performance.now() + shrinkSeconds * 1_000
    throw new Error(verdict.problems.join('\n'))
  })

  for (let round = 0; performance.now() < deadline && coverage.of('case') < cases; round += 1) {
    const numRuns = Math.min(CASES_PER_ROUND, cases - coverage.of('case'))
    const result = await fc.check(property, { seed: seed + round, numRuns, endOnFailure: false })
    if (smallest === undefined) {
      if (result.failed) throw result.errorInstance
      continue
    }
    const path = result.counterexamplePath ?? ''
    const failure = { ...smallest, seed: result.seed, path, casesBefore: coverage.of('case') - 1 }
    return { coverage, failure }
  }
  return { coverage, failure: undefined }
}

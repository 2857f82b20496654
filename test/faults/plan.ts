import { Picks } from '../oracle/arbitrary/picks.ts'
import {
  type Configuration,
  type Fault,
  type FaultKind,
  faultsOf,
  fits,
  type Target,
  targets,
} from './fault.ts'

export interface RoundPlan {
  /** From 1. */
  readonly number: number
  readonly configuration: Configuration
  /** One after the other; the faults of a step happen together, each to another target. */
  readonly steps: readonly (readonly Fault[])[]
  /** Of the write load and of the workers. */
  readonly seed: number
}

/**
 * All rounds of a seed. Of each target's faults, one of those that were dealt least often comes next: so all have occurred
 * as soon as can be.
 */
export function* planRounds(seed: number, stepsPerRound: number): Generator<RoundPlan, never, undefined> {
  const picks = new Picks(seed)
  const dealt = new Map<FaultKind, number>()
  let configurations: Configuration[] = []
  for (let number = 1; ; number += 1) {
    if (configurations.length === 0) configurations = drawConfigurations(picks)
    const configuration = configurations.shift() as Configuration
    const steps = Array.from({ length: stepsPerRound }, (_, step) => {
      // A server that restarts takes longer than all else.
      const hit = targets.filter((target) => target !== 'server' || step % 2 === 1)
      return hit.flatMap((target) => deal(target, configuration, dealt, picks))
    })
    yield { number, configuration, steps, seed: picks.below(2 ** 31) }
  }
}

function drawConfigurations(picks: Picks): Configuration[] {
  const setIn = picks.of(['captured database', 'other database'] as const)
  // Each set, and both ways to take events, before anything comes again.
  const byHand = picks.of(['ioredis', 'node-redis'] as const)
  return picks.shuffled(['ioredis', 'node-redis', 'postgres', 'memory'] as const).map((set) => ({
    set,
    delivery: set === byHand || (set === 'postgres' && picks.chance(50)) ? 'by hand' : 'capture',
    setIn,
  }))
}

function deal(
  target: Target,
  configuration: Configuration,
  dealt: Map<FaultKind, number>,
  picks: Picks,
): Fault[] {
  const kinds = faultsOf[target].filter((kind) => fits(kind, configuration))
  const times = (kind: FaultKind): number => dealt.get(kind) ?? 0
  const least = Math.min(...kinds.map(times))
  const kind = picks.of(kinds.filter((one) => times(one) === least))
  dealt.set(kind, least + 1)
  return [{ kind, target, after: 1 + picks.below(3), part: picks.below(1_000) / 1_000 }]
}

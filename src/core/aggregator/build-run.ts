import type { Claim } from '../pending/ids-set.ts'
import type { Changes } from './changes.ts'

/** So many failures in a row are not the objects': the database or the sink is down, and a run ends. */
const FAILURES_IN_A_ROW = 15

/** A claim, or a part of one, and what its emission settles. */
export interface Flight extends Claim {
  readonly covers: number
}

/** One walk through what is pending. */
export class BuildRun<Built> {
  readonly onChange: (changes: Changes<Built>) => unknown
  /** Held to the end of the run, so that it does not claim again at once what has just failed; `null`: nothing to count. */
  readonly aside: { readonly claim: Claim; readonly failure: { readonly error: unknown } | null }[] = []
  readonly failedAlone: Set<string> = new Set()
  readonly parked: { readonly id: string; readonly error: unknown }[] = []
  claimedAt = 0
  firstFailure: { readonly error: unknown } | null = null
  hasSucceeded = false
  #failuresInARow = 0

  constructor(onChange: (changes: Changes<Built>) => unknown) {
    this.onChange = onChange
  }

  get isHopeless(): boolean {
    return this.#failuresInARow >= FAILURES_IN_A_ROW
  }

  succeeded(): void {
    this.hasSucceeded = true
    this.#failuresInARow = 0
  }

  failed(error: unknown): void {
    this.firstFailure ??= { error }
    this.#failuresInARow += 1
  }
}

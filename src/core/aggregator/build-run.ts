import type { Claim } from '../pending/ids-set.ts'

/** So many failures in a row are not the objects': the database or the sink is down, and a run ends. */
const FAILURES_IN_A_ROW = 15

/** A claim, or a part of one, and what its emission settles. */
export interface Flight extends Claim {
  readonly covers: number
  /** On the clock of `performance.now`. */
  readonly claimedAt: number
}

/** Why a flight came to nothing. */
export interface FlightFailure {
  readonly error: unknown
  /** Whether what failed had to do with its objects: their query, or `onChange`. */
  readonly isOfObjects: boolean
}

/** One walk through what is pending. */
export class BuildRun {
  /** Held to the end of the run, so that it does not claim again at once what has just failed; `null`: nothing to count. */
  readonly aside: { readonly claim: Claim; readonly failure: { readonly error: unknown } | null }[] = []
  readonly failedAlone: Set<string> = new Set()
  readonly parked: { readonly id: string; readonly error: unknown }[] = []
  /** The emission under way, or the last one. It never rejects. */
  emission: Promise<unknown> = Promise.resolve()
  /** Ids were added again while they were in flight: who did so may have claimed in vain. */
  cameBack = false
  /** Why the first of the ids was left behind that did not come through. */
  firstFailure: { readonly error: unknown } | null = null
  hasSucceeded = false
  #failuresInARow = 0
  #lastFailure: { readonly error: unknown } | null = null

  get isHopeless(): boolean {
    return this.#failuresInARow >= FAILURES_IN_A_ROW
  }

  succeeded(): void {
    this.hasSucceeded = true
    this.#failuresInARow = 0
  }

  failed(error: unknown): void {
    this.#lastFailure = { error }
    this.#failuresInARow += 1
  }

  /** What has just failed is not tried again in this run. */
  leaveBehind(): void {
    this.firstFailure ??= this.#lastFailure
  }

  setAside(claim: Claim, failure: { readonly error: unknown } | null): void {
    this.leaveBehind()
    this.aside.push({ claim, failure })
  }
}

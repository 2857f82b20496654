import { describeFailure } from '../errors/report-failure.ts'
import type { Claim, ClaimingIdsSet } from '../pending/ids-set.ts'
import type { BuildRun, Flight } from './build-run.ts'
import type { BuildTotals } from './build-totals.ts'
import { retryAfter } from './retry-policy.ts'

export interface FailedFlightsOptions {
  readonly claims: ClaimingIdsSet
  readonly totals: BuildTotals
  readonly parkAfter: number
}

/** What becomes of ids that could not be built: when they are tried again, when they are parked, and what an outage is. */
export class FailedFlights {
  readonly #options: FailedFlightsOptions
  /** When a failed id may be tried again, on the clock of `performance.now`. */
  #retryAt = Infinity
  /** The last run met failures and nothing else. */
  #isOutage = false

  constructor(options: FailedFlightsOptions) {
    this.#options = options
  }

  /** Milliseconds until a failed id may be tried again, as far as is known; `null` where none is. */
  get retryInMs(): number | null {
    return this.#retryAt === Infinity ? null : Math.max(0, this.#retryAt - performance.now())
  }

  /** A claim has told when the next id may be tried again. */
  nextRetryIn(ms: number | undefined): void {
    this.#retryAt = ms === undefined ? Infinity : performance.now() + ms
  }

  /** `failure` is `null` where it was not the objects' fault: then nothing is counted against them. */
  async add(flight: Flight, run: BuildRun, failure: { error: unknown } | null): Promise<void> {
    const { totals, parkAfter } = this.#options
    const [id, second] = flight.ids
    if (failure === null || id === undefined || second !== undefined) return run.setAside(flight, failure)
    run.failedAlone.add(id)
    const sinceEmissionMs = performance.now() - totals.lastEmissionAt
    const retryInMs = retryAfter(flight.failures?.get(id), { parkAfter, sinceEmissionMs })
    if (retryInMs === 0) return run.setAside(flight, failure)
    run.leaveBehind()
    if (retryInMs === null) {
      totals.parked += 1
      run.parked.push({ id, error: failure.error })
    }
    await this.#release(flight, failure, retryInMs)
  }

  /** At the end of a run: what it has set aside can be claimed again. */
  async end(run: BuildRun): Promise<void> {
    const { totals } = this.#options
    for (const { claim, failure } of run.aside) await this.#release(claim, failure, 0)
    if (run.hasSucceeded) {
      if (this.#isOutage) await this.#wake(run)
      this.#isOutage = false
    } else if (run.firstFailure !== null) {
      this.#isOutage = true
    } else if (this.#retryAt === Infinity) {
      this.#isOutage = false
    }
    totals.failingSince = this.#isOutage ? (totals.failingSince ?? performance.now()) : null
  }

  /** What went wrong while everything did is no fault of the objects: once something goes through, they need not wait. */
  async #wake(run: BuildRun): Promise<void> {
    const { claims } = this.#options
    try {
      for await (const batch of claims.failed()) {
        const waiting = batch.filter(({ id, retryInMs }) => retryInMs !== null && !run.failedAlone.has(id))
        if (waiting.length === 0) continue
        await claims.add(waiting.map(({ id }) => id))
        this.#retryAt = performance.now()
      }
    } catch {
      // Then each waits for its own pause to end.
    }
  }

  /** What can't be released returns by itself when its lease ends. */
  async #release(claim: Claim, failure: { error: unknown } | null, retryInMs: number | null): Promise<void> {
    const { claims } = this.#options
    if (retryInMs !== null) this.#retryAt = Math.min(this.#retryAt, performance.now() + retryInMs)
    const noted = failure === null ? undefined : { error: describeFailure(failure.error), retryInMs }
    await claims.release(claim, noted).catch(() => undefined)
  }
}

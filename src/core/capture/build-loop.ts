import type { EventAggregator } from '../aggregator/event-aggregator.ts'
import { retryDelay, sleep } from './retry.ts'

/** What a build loop needs of an aggregator. */
export type LoopedAggregator = Pick<EventAggregator, 'buildObjects' | 'retryInMs'>

export interface BuildLoopOptions {
  readonly onError: (error: unknown) => void
  readonly sweepMs: number
  /**
   * Serves a request: builds, or has it built elsewhere and calls `failed` where that goes wrong later on. Default: builds.
   */
  readonly serve?: ((failed: () => void) => Promise<void>) | undefined
}

const SHORTEST_PAUSE_MS = 100
const LONGEST_RETRY_MS = 10_000
/** A timer that is set for longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Builds when asked to, and once started also by itself, at once and whenever `sweepMs` have passed since the last build.
 * What fails is tried again until it works. Requests made during a build share the next one.
 */
export class BuildLoop {
  readonly #aggregator: LoopedAggregator
  readonly #options: BuildLoopOptions
  readonly #signal: AbortSignal
  #requests = 0
  #sweeps = false
  #isSweepDue = false
  #working: Promise<void> | null = null
  #sweepTimer: ReturnType<typeof setTimeout> | undefined

  constructor(aggregator: LoopedAggregator, options: BuildLoopOptions, signal: AbortSignal) {
    this.#aggregator = aggregator
    this.#options = options
    this.#signal = signal
    signal.addEventListener('abort', () => clearTimeout(this.#sweepTimer))
  }

  /** Builds what is pending from before, then sweeps for what no request brings: lost messages, expired leases, retries. */
  start(): void {
    this.#sweeps = true
    this.#sweep()
  }

  request(): void {
    this.#requests += 1
    this.#working ??= this.#work()
  }

  /** Resolves when nothing is being built. */
  async done(): Promise<void> {
    await this.#working
  }

  #sweep(): void {
    this.#isSweepDue = true
    this.request()
  }

  async #work(): Promise<void> {
    const { onError, sweepMs } = this.#options
    // A sweep that has failed is not to come later than one that has not.
    const longestPause = Math.max(Math.min(sweepMs, LONGEST_RETRY_MS), SHORTEST_PAUSE_MS)
    let served = 0
    let failures = 0
    while (served < this.#requests && !this.#signal.aborted) {
      const requests = this.#requests
      try {
        await this.#build()
        served = requests
        failures = 0
      } catch (error) {
        onError(error)
        failures += 1
        await sleep(retryDelay(failures, longestPause), this.#signal)
      }
    }
    // In the same breath as the loop's last look at the requests, so that none falls between the two.
    this.#requests = 0
    this.#working = null
    this.#awaitSweep()
  }

  async #build(): Promise<void> {
    const { serve } = this.#options
    if (serve !== undefined && !this.#isSweepDue) return serve(() => this.#awaitSweep())
    await this.#aggregator.buildObjects()
    this.#isSweepDue = false
  }

  #awaitSweep(): void {
    clearTimeout(this.#sweepTimer)
    if (this.#signal.aborted || !this.#sweeps) return
    const { sweepMs } = this.#options
    const wait = Math.max(this.#aggregator.retryInMs ?? sweepMs, SHORTEST_PAUSE_MS)
    this.#sweepTimer = setTimeout(() => this.#sweep(), Math.min(wait, sweepMs, LONGEST_TIMER_MS))
  }
}

import type { EventAggregator } from '../aggregator/event-aggregator.ts'
import { CaptureError, type CaptureErrorCode } from '../errors/capture-error.ts'
import { retryDelay, sleep } from './retry.ts'
import type { EventChunk } from './source.ts'

/** What a Capture needs of an aggregator, whatever objects it builds. */
export type CapturedAggregator = Pick<
  EventAggregator,
  | 'schema'
  | 'durable'
  | 'emits'
  | 'delegates'
  | 'collect'
  | 'requestBuild'
  | 'buildObjects'
  | 'retryInMs'
  | 'settled'
>

const SHORTEST_RETRY_MS = 100
const LONGEST_RETRY_MS = 10_000

/** Trying again can't mend these: an event, or the set-up, is not what it must be. */
const FATAL: ReadonlySet<CaptureErrorCode> = new Set<CaptureErrorCode>([
  'EVENT_MALFORMED',
  'EVENT_VALUE_UNKNOWN',
  'TRUNCATE_UNHANDLED',
  'CLIENT_RESULT_INVALID',
])

/** Collects and builds for one aggregator, each retried until it works; requests made during a build share the next one. */
export class BuildLoop {
  readonly #aggregator: CapturedAggregator
  readonly #options: { readonly onError: (error: unknown) => void; readonly sweepMs: number }
  readonly #signal: AbortSignal
  #requests = 0
  #isSweepDue = false
  #working: Promise<void> | null = null
  #sweepTimer: ReturnType<typeof setTimeout> | undefined

  constructor(
    aggregator: CapturedAggregator,
    options: { readonly onError: (error: unknown) => void; readonly sweepMs: number },
    signal: AbortSignal,
  ) {
    this.#aggregator = aggregator
    this.#options = options
    this.#signal = signal
    signal.addEventListener('abort', () => clearTimeout(this.#sweepTimer))
  }

  /** Builds what is pending from before, then sweeps for what no schedule brings: lost messages, expired leases, retries. */
  start(): void {
    if (!this.#aggregator.emits) return
    this.#isSweepDue = true
    this.#request()
  }

  /** Resolves to false where a stop kept it from collecting. */
  async collect(events: EventChunk['events']): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const added = await unlessAborted(this.#aggregator.collect(events), this.#signal)
        if (added === 'aborted') return false
        if (added) this.#request()
        return true
      } catch (error) {
        if (error instanceof CaptureError && FATAL.has(error.code)) throw error
        this.#options.onError(error)
        // What a failed attempt did collect has to be built as well.
        this.#request()
        await sleep(retryDelay(attempt, LONGEST_RETRY_MS), this.#signal)
        if (this.#signal.aborted) return false
      }
    }
  }

  async done(): Promise<void> {
    await this.#working
  }

  #request(): void {
    this.#requests += 1
    this.#working ??= this.#work()
  }

  async #work(): Promise<void> {
    let served = 0
    let failures = 0
    while (served < this.#requests && !this.#signal.aborted) {
      const requests = this.#requests
      try {
        await this.#build()
        served = requests
        failures = 0
      } catch (error) {
        this.#options.onError(error)
        failures += 1
        await sleep(retryDelay(failures, LONGEST_RETRY_MS), this.#signal)
      }
    }
    // In the same breath as the loop's last look at the requests, so that none falls between the two.
    this.#requests = 0
    this.#working = null
    this.#awaitSweep()
  }

  async #build(): Promise<void> {
    if (!this.#isSweepDue) return this.#aggregator.requestBuild(() => this.#awaitSweep())
    await this.#aggregator.buildObjects()
    this.#isSweepDue = false
  }

  #awaitSweep(): void {
    clearTimeout(this.#sweepTimer)
    if (this.#signal.aborted || !this.#aggregator.emits) return
    const { sweepMs } = this.#options
    const wait = Math.max(this.#aggregator.retryInMs ?? sweepMs, SHORTEST_RETRY_MS)
    this.#sweepTimer = setTimeout(() => this.start(), Math.min(wait, sweepMs))
  }
}

/** What is left running may still add ids; the chunk that they are of is not acknowledged, so they come again. */
async function unlessAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
): Promise<Result | 'aborted'> {
  const over = new AbortController()
  const aborted = new Promise<'aborted'>((resolve) => {
    signal.addEventListener('abort', () => resolve('aborted'), { signal: over.signal })
  })
  try {
    return signal.aborted ? 'aborted' : await Promise.race([work, aborted])
  } finally {
    over.abort()
    work.catch(() => undefined)
  }
}

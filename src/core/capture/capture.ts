import type { EventAggregator } from '../aggregator/event-aggregator.ts'
import { CaptureError } from '../errors/capture-error.ts'
import { tellFailure } from '../errors/tell-failure.ts'
import { type Health, healthOf, type HealthLimits } from '../monitoring/health.ts'
import type { Measured, Measurement } from '../monitoring/measurement.ts'
import { Underway } from '../monitoring/underway.ts'
import { watchHealth } from '../monitoring/watch-health.ts'
import { positiveInteger } from '../pending/positive-integer.ts'
import { BuildLoop } from './build-loop.ts'
import { type CaptureActivity, captureMeasurements, captureReasons } from './capture-activity.ts'
import { collectEvents } from './collect-events.ts'
import { sleep } from './retry.ts'
import type { EventChunk, Source } from './source.ts'
import { tableRequirements } from './table-requirements.ts'

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
  | 'health'
  | 'measure'
>

export interface CaptureOptions {
  readonly source: Source
  /** One for each root schema; all are fed from the one source. */
  readonly aggregators: readonly CapturedAggregator[]
  /** Is told of every failure that is being retried, the source's too. Default: `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined
  /**
   * How often to build what is pending without having been asked to, in milliseconds: what a scheduler lost, what a builder
   * that died had claimed, what was pending at the start. Default: 10,000.
   */
  readonly sweepMs?: number | undefined
  /** How long `stop` lets builds under way finish, in milliseconds. Default: 10,000. */
  readonly stopTimeoutMs?: number | undefined
  /** Is told of each change of {@link Capture.health} while it runs: see `watchHealth`. */
  readonly onHealth?: ((health: Health) => void) | undefined
  /** How often to look at the health for `onHealth`, in milliseconds. Default: 5,000. */
  readonly healthEveryMs?: number | undefined
  /** From when on `health` counts what lasts. */
  readonly health?: HealthLimits | undefined
}

/**
 * Runs the whole path in one process: a source yields events, each aggregator collects the ids of its objects and builds
 * them, and the source learns what it may forget.
 *
 * A chunk is acknowledged when every aggregator has its ids in a durable set, or else when their objects have been emitted.
 * Ingest does not wait for builds: while one runs, ids gather and the next batch is larger.
 *
 * @example
 * ```ts
 * const capture = new Capture({
 *   source: new PgoutputSource({ connection: url, slot: 'bookshop', publication: 'bookshop' }),
 *   aggregators: [books, authors],
 * })
 * process.once('SIGTERM', () => void capture.stop())
 * await capture.run() // until stop(), or an error that trying again can't mend
 * ```
 */
export class Capture implements Measured {
  readonly #options: CaptureOptions
  readonly #chunks = new Underway()
  readonly #captured: readonly { readonly aggregator: CapturedAggregator; readonly loop: BuildLoop }[]
  readonly #stopping = new AbortController()
  #buildsFinished: Promise<void> | null = null
  #running: Promise<void> | null = null
  #end: { readonly error: unknown } | null = null
  readonly #tell = (error: unknown): void => {
    tellFailure(this.#options.onError, 'trying again after a failure', error)
  }

  constructor(options: CaptureOptions) {
    this.#options = options
    if (options.aggregators.length === 0) {
      throw new CaptureError('OPTION_INVALID', 'A Capture needs at least one aggregator.')
    }
    options.aggregators.forEach(refuseEndless)
    const sweepMs = positiveInteger(options.sweepMs ?? 10_000, 'sweepMs')
    this.#captured = options.aggregators.map((aggregator) => {
      const serve = (failed: () => void): Promise<void> => aggregator.requestBuild(failed)
      const loop = new BuildLoop(aggregator, { onError: this.#tell, sweepMs, serve }, this.#stopping.signal)
      return { aggregator, loop }
    })
  }

  /**
   * Captures until `stop` is called. Failures that may pass (a lost connection, an `onChange` that throws) are told to
   * `onError` and retried with back-off for as long as it takes, with nothing acknowledged meanwhile.
   *
   * @throws CaptureError what trying again can't mend; then nothing has been acknowledged beyond what was emitted or stored.
   */
  async run(): Promise<void> {
    if (this.#running !== null || this.#stopping.signal.aborted) {
      throw new CaptureError('CAPTURE_STATE', 'A Capture runs once. Make a new one to run again.')
    }
    const { onHealth, healthEveryMs: everyMs } = this.#options
    const unwatch = onHealth && watchHealth(this, onHealth, { everyMs })
    this.#running = this.#run()
    try {
      await this.#running
    } catch (error) {
      this.#end = { error }
      throw error
    } finally {
      unwatch?.()
    }
  }

  /** Whether objects follow their rows, as far as this process can tell; if not, why. */
  async health(): Promise<Health> {
    const { aggregators, health: limits = {} } = this.#options
    const healths = await Promise.all(aggregators.map((aggregator) => aggregator.health()))
    return healthOf([...captureReasons(this.#activity, limits), ...healths.flatMap(({ reasons }) => reasons)])
  }

  async measure(): Promise<readonly Measurement[]> {
    const figures = await Promise.all(this.#options.aggregators.map((aggregator) => aggregator.measure()))
    return [...captureMeasurements(this.#activity), ...figures.flat()]
  }

  /** Lets builds under way finish, tells the source what they cover, and ends `run`. Calling it twice is harmless. */
  async stop(): Promise<void> {
    await this.#finishBuilds()
    await this.#options.source.stop()
    // Whoever awaits `run` has its error; here it would be told twice.
    await this.#running?.catch(() => undefined)
  }

  async #run(): Promise<void> {
    const { source, aggregators } = this.#options
    try {
      for (const { aggregator, loop } of this.#captured) if (aggregator.emits) loop.start()
      const tables = tableRequirements(aggregators.map(({ schema }) => schema))
      for await (const chunk of source.stream(tables, { onError: this.#tell })) {
        // Leaving the loop closes the source, and what the last builds cover is still to be acknowledged.
        if (this.#stopping.signal.aborted) return await this.#finishBuilds()
        await this.#take(chunk)
      }
    } finally {
      await this.#finishBuilds()
      await source.stop()
    }
  }

  async #take({ events, acknowledge }: EventChunk): Promise<void> {
    const acknowledged = acknowledge && this.#chunks.begin()
    const taken = await Promise.all(
      this.#captured.map(({ aggregator, loop }) =>
        collectEvents(aggregator, events, {
          onError: this.#tell,
          onPending: () => loop.request(),
          signal: this.#stopping.signal,
        }),
      ),
    )
    // Stopped before the chunk was taken whole: it is not acknowledged, so it comes again.
    if (acknowledge === undefined || taken.includes(false)) return
    void Promise.all(this.#options.aggregators.map((aggregator) => aggregator.settled()))
      .then(acknowledge)
      .then(acknowledged)
  }

  get #activity(): CaptureActivity {
    return { chunks: this.#chunks, source: this.#options.source.status?.(), end: this.#end }
  }

  #finishBuilds(): Promise<void> {
    this.#stopping.abort()
    this.#buildsFinished ??= this.#waitForBuilds()
    return this.#buildsFinished
  }

  async #waitForBuilds(): Promise<void> {
    const timeout = new AbortController()
    const late = sleep(this.#options.stopTimeoutMs ?? 10_000, timeout.signal)
    await Promise.race([Promise.all(this.#captured.map(({ loop }) => loop.done())), late])
    timeout.abort()
    // The acknowledgements of what has just been built are run before this.
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
}

function refuseEndless(aggregator: CapturedAggregator): void {
  if (aggregator.emits || (aggregator.durable && aggregator.delegates)) return
  throw new CaptureError(
    'OPTION_INVALID',
    'An aggregator has no onChange, and no other process can build for it either. Give it an onChange; or a durable set such ' +
      'as RedisSet, from which another process builds, and a scheduleBuildObjects that tells that process.',
  )
}

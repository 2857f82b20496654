import { CaptureError } from '../errors/capture-error.ts'
import { describeFailure } from '../errors/report-failure.ts'
import { readObjects } from '../objects/read-objects.ts'
import type { Claim, ClaimingIdsSet } from '../pending/ids-set.ts'
import { inTurn } from '../pending/in-turn.ts'
import type { RootSchema } from '../schema/schema.ts'
import type { QueryClient } from '../sql/client.ts'
import { BuildRun, type Flight } from './build-run.ts'
import { BuildTotals } from './build-totals.ts'
import type { Changes } from './changes.ts'
import { ObjectsParkedError } from './objects-parked-error.ts'
import { retryAfter } from './retry-policy.ts'
import type { UnsettledIds } from './unsettled-ids.ts'

/** A timer that is set for longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export interface ObjectBuilderOptions<Built> {
  /** What messages call its objects. */
  readonly name: string
  readonly schema: RootSchema
  readonly client: QueryClient
  readonly claims: ClaimingIdsSet
  readonly unsettled: UnsettledIds
  readonly onChange: ((changes: Changes<Built>) => unknown) | undefined
  readonly batchSize: number
  readonly leaseMs: number
  readonly parkAfter: number
}

/**
 * Turns pending ids into objects, batch by batch: claim, read in one snapshot, emit, acknowledge.
 *
 * ```
 *            ┌── claim ──▶ read ──▶ renew the lease ──▶ onChange ──▶ acknowledge
 *   pending ─┤               │             │                │
 *      ▲     └◀── release ───┴─────────────┴────────────────┘ on any failure
 *      │             │
 *      │             ├── at the end of the run: a batch, or an object for the first time
 *      ├── pause ◀───┼── an object that failed alone before
 *      └── change ◀──┴── parked: an object that fails while others go through
 * ```
 *
 * Runs of one builder never overlap, and an id is claimed by one builder at a time. So no older object follows a newer one,
 * and an id that comes back while it is built is built again.
 *
 * The set remembers which ids have failed. From then on they are built apart from the others, by whichever builder claims
 * them, and where they fail again, split until the bad ones stand alone: an object that can't be built or taken does not
 * hold up the rest.
 */
export class ObjectBuilder<Built> {
  readonly totals: BuildTotals = new BuildTotals()
  readonly #options: ObjectBuilderOptions<Built>
  readonly #oneAtATime = inTurn()
  #next: Promise<void> | null = null
  /** When a failed id may be tried again, on the clock of `performance.now`. */
  #retryAt = Infinity
  /** The last run met failures and nothing else. */
  #isOutage = false

  constructor(options: ObjectBuilderOptions<Built>) {
    this.#options = options
  }

  /**
   * Builds all that is pending. Calls made while a run is under way share the one run that follows it, so that each caller
   * gets a run which started after its call.
   */
  run(): Promise<void> {
    this.#next ??= this.#oneAtATime(async () => {
      this.#next = null
      await this.#drain(this.#requireOnChange())
    })
    return this.#next
  }

  /** Runs a task while no build does. */
  pause<Result>(task: () => Result | PromiseLike<Result>): Promise<Result> {
    return this.#oneAtATime(task)
  }

  /** Milliseconds until a failed id may be tried again, as far as this builder knows; `null` where it knows of none. */
  get retryInMs(): number | null {
    return this.#retryAt === Infinity ? null : Math.max(0, this.#retryAt - performance.now())
  }

  async #drain(onChange: (changes: Changes<Built>) => unknown): Promise<void> {
    const { name, batchSize } = this.#options
    const run = new BuildRun(onChange)
    try {
      for (;;) {
        const claim = await this.#claim(run)
        const cameBack = await this.#buildClaimed(claim, run)
        if (run.isHopeless || (claim.ids.length < batchSize && !cameBack)) break
      }
    } catch (error) {
      run.failed(error)
    }
    this.totals.busySince = null
    for (const { claim, failure } of run.aside) await this.#release(claim, failure, 0)
    await this.#judge(run)
    const parked = run.parked.at(-1)
    if (parked !== undefined) {
      const ids = run.parked.map(({ id }) => id)
      throw new ObjectsParkedError(name, ids, parked.error)
    }
    if (run.firstFailure !== null) throw run.firstFailure.error
  }

  /** Whether this is an outage: nothing goes through, and what has failed waits. */
  async #judge(run: BuildRun<Built>): Promise<void> {
    if (run.hasSucceeded) {
      if (this.#isOutage) await this.#wake(run)
      this.#isOutage = false
    } else if (run.firstFailure !== null) {
      this.#isOutage = true
    } else if (this.#retryAt === Infinity) {
      this.#isOutage = false
    }
    this.totals.failingSince = this.#isOutage ? (this.totals.failingSince ?? performance.now()) : null
  }

  /** What went wrong while everything did is no fault of the objects: once something goes through, they need not wait. */
  async #wake(run: BuildRun<Built>): Promise<void> {
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

  async #claim(run: BuildRun<Built>): Promise<Flight> {
    const { claims, unsettled, batchSize, leaseMs } = this.#options
    run.claimedAt = performance.now()
    const covers = unsettled.flightBegins()
    const claim = await claims.claim(batchSize, leaseMs)
    this.#retryAt = claim.nextRetryMs === undefined ? Infinity : performance.now() + claim.nextRetryMs
    this.totals.busySince = claim.ids.length > 0 ? run.claimedAt : null
    return { ...claim, covers }
  }

  /** Resolves to whether ids of the claim were added again meanwhile: who did so may have claimed in vain. */
  async #buildClaimed(claim: Flight, run: BuildRun<Built>): Promise<boolean> {
    const { ids, failures } = claim
    if (failures === undefined || failures.size === 0) return this.#build(claim, run)
    const suspects = ids.filter((id) => failures.has(id))
    this.totals.retries += suspects.length
    const fresh = await this.#build({ ...claim, ids: ids.filter((id) => !failures.has(id)) }, run)
    const suspect = await this.#build({ ...claim, ids: suspects }, run)
    return fresh || suspect
  }

  async #build(flight: Flight, run: BuildRun<Built>): Promise<boolean> {
    const { ids, failures } = flight
    const [first] = ids
    if (first === undefined) return false
    if (run.isHopeless) {
      run.aside.push({ claim: flight, failure: null })
      return false
    }
    const attempt = { isOfObjects: false }
    try {
      return await this.#emit(flight, run, attempt)
    } catch (error) {
      run.failed(error)
      this.totals.failures += 1
      const isSplit = attempt.isOfObjects && ids.length > 1 && failures?.has(first) === true
      if (!isSplit) {
        await this.#setAside(flight, run, attempt.isOfObjects ? { error } : null)
        return false
      }
      const half = Math.ceil(ids.length / 2)
      const left = await this.#build({ ...flight, ids: ids.slice(0, half) }, run)
      const right = await this.#build({ ...flight, ids: ids.slice(half) }, run)
      return left || right
    }
  }

  async #emit(flight: Flight, run: BuildRun<Built>, attempt: { isOfObjects: boolean }): Promise<boolean> {
    const { schema, client, claims, leaseMs, unsettled } = this.#options
    const renewals = setInterval(
      () => {
        // A renewal that fails is found out by the one that is awaited, or by the acknowledgement.
        claims.renew(flight, leaseMs).catch(() => false)
      },
      Math.min(leaseMs / 3, LONGEST_TIMER_MS),
    )
    try {
      attempt.isOfObjects = true
      const startedAt = performance.now()
      const { present, absent, version } = await readObjects(schema, flight.ids, client)
      const readAt = performance.now()
      attempt.isOfObjects = false
      const isOld = readAt - run.claimedAt > leaseMs / 3
      if (isOld && !(await claims.renew(flight, leaseMs))) throw leaseLost()
      if (present.length > 0 || absent.length > 0) {
        attempt.isOfObjects = true
        await run.onChange({ upsert: present as { id: string; object: Built }[], delete: absent, version })
        attempt.isOfObjects = false
      }
      this.totals.emitted({ upserts: present.length, deletes: absent.length, startedAt, readAt })
      run.succeeded()
      unsettled.emitted(flight.ids, flight.covers)
      return (await claims.acknowledge(flight)) === true
    } finally {
      clearInterval(renewals)
    }
  }

  async #setAside(flight: Flight, run: BuildRun<Built>, failure: { error: unknown } | null): Promise<void> {
    const [id, second] = flight.ids
    if (failure === null || id === undefined || second !== undefined) {
      run.aside.push({ claim: flight, failure })
      return
    }
    run.failedAlone.add(id)
    const { parkAfter } = this.#options
    const sinceEmissionMs = performance.now() - this.totals.lastEmissionAt
    const retryInMs = retryAfter(flight.failures?.get(id), { parkAfter, sinceEmissionMs })
    if (retryInMs === 0) {
      run.aside.push({ claim: flight, failure })
      return
    }
    if (retryInMs === null) {
      this.totals.parked += 1
      run.parked.push({ id, error: failure.error })
    }
    await this.#release(flight, failure, retryInMs)
  }

  /** What can't be released returns by itself when its lease ends. */
  async #release(claim: Claim, failure: { error: unknown } | null, retryInMs: number | null): Promise<void> {
    const { claims } = this.#options
    if (retryInMs !== null) this.#retryAt = Math.min(this.#retryAt, performance.now() + retryInMs)
    const noted = failure === null ? undefined : { error: describeFailure(failure.error), retryInMs }
    await claims.release(claim, noted).catch(() => undefined)
  }

  #requireOnChange(): (changes: Changes<Built>) => unknown {
    if (this.#options.onChange !== undefined) return this.#options.onChange
    throw new CaptureError(
      'ON_CHANGE_MISSING',
      'There is no onChange to hand objects to, so nothing was built and every id is still pending. Give the EventAggregator ' +
        'an onChange, or a scheduleBuildObjects that leaves building to another process.',
    )
  }
}

function leaseLost(): CaptureError {
  return new CaptureError(
    'LEASE_LOST',
    'A build took longer than its lease and another builder has taken the ids over, so its objects were not emitted. If ' +
      'builds are that slow, raise leaseMs or lower batchSize.',
  )
}

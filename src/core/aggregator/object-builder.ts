import { CaptureError } from '../errors/capture-error.ts'
import type { InexactNumbers } from '../objects/parse-object.ts'
import { type Objects, readObjects } from '../objects/read-objects.ts'
import type { ClaimingIdsSet } from '../pending/ids-set.ts'
import { inTurn } from '../pending/in-turn.ts'
import { planOf } from '../schema/plan.ts'
import { type RootId, rootIdOf } from '../schema/root-id.ts'
import type { RootSchema } from '../schema/schema.ts'
import type { QueryClient } from '../sql/client.ts'
import { sqlStateOf } from '../sql/sql-state.ts'
import { BatchSize } from './batch-size.ts'
import { BuildRun, type Flight, type FlightFailure } from './build-run.ts'
import { BuildTotals } from './build-totals.ts'
import type { Changes } from './changes.ts'
import { FailedFlights } from './failed-flights.ts'
import { ObjectsParkedError } from './objects-parked-error.ts'
import type { UnsettledIds } from './unsettled-ids.ts'

/** A timer that is set for longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
/** What Postgres says when a statement ran into `statement_timeout`, or somebody cancelled it. */
const QUERY_CANCELED = '57014'

export interface ObjectBuilderOptions<Built> {
  /** What messages call its objects. */
  readonly name: string
  readonly schema: RootSchema
  readonly client: QueryClient
  readonly claims: ClaimingIdsSet
  readonly unsettled: UnsettledIds
  readonly onChange: ((changes: Changes<Built, RootId>) => unknown) | undefined
  readonly batchSize: number
  readonly targetReadMs: number
  readonly inexactNumbers: InexactNumbers | undefined
  readonly leaseMs: number
  readonly parkAfter: number
}

interface ReadFlight {
  readonly objects: Objects
  readonly readMs: number
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
  readonly #batchSize: BatchSize
  readonly #failedFlights: FailedFlights
  #next: Promise<void> | null = null

  constructor(options: ObjectBuilderOptions<Built>) {
    this.#options = options
    this.#batchSize = new BatchSize({ max: options.batchSize, targetMs: options.targetReadMs })
    this.#failedFlights = new FailedFlights({ ...options, totals: this.totals })
  }

  /**
   * Builds all that is pending. Calls made while a run is under way share the one run that follows it, so that each caller
   * gets a run which started after its call.
   */
  run(): Promise<void> {
    this.#next ??= this.#oneAtATime(async () => {
      this.#next = null
      this.#requireOnChange()
      await this.#drain()
    })
    return this.#next
  }

  /** Runs a task while no build does. */
  pause<Result>(task: () => Result | PromiseLike<Result>): Promise<Result> {
    return this.#oneAtATime(task)
  }

  /** Milliseconds until a failed id may be tried again, as far as this builder knows; `null` where it knows of none. */
  get retryInMs(): number | null {
    return this.#failedFlights.retryInMs
  }

  async #drain(): Promise<void> {
    const run = new BuildRun()
    try {
      do {
        run.cameBack = false
        await this.#buildPending(run)
        await run.emission
      } while (run.cameBack && !run.isHopeless)
    } catch (error) {
      run.failed(error)
      run.leaveBehind()
    }
    await run.emission
    await this.#failedFlights.end(run)
    const parked = run.parked.at(-1)
    if (parked !== undefined) {
      const ids = run.parked.map(({ id }) => this.#idOf(id))
      throw new ObjectsParkedError(this.#options.name, ids, parked.error)
    }
    if (run.firstFailure !== null) throw run.firstFailure.error
  }

  async #buildPending(run: BuildRun): Promise<void> {
    for (;;) {
      const size = this.#batchSize.current
      const claim = await this.#claim(size)
      await this.#buildClaimed(claim, run)
      if (claim.ids.length < size || run.isHopeless) return
    }
  }

  async #claim(max: number): Promise<Flight> {
    const { claims, unsettled, leaseMs } = this.#options
    const claimedAt = performance.now()
    const claim = await claims.claim(max, leaseMs)
    // After the claim: an id that was added while it was under way may be in it, and is then not built again.
    const covers = unsettled.flightBegins(claim.ids)
    this.#failedFlights.nextRetryIn(claim.nextRetryMs)
    return { ...claim, covers, claimedAt }
  }

  async #buildClaimed(claim: Flight, run: BuildRun): Promise<void> {
    const { ids, failures } = claim
    if (failures === undefined || failures.size === 0) return this.#build(claim, run)
    const suspects = ids.filter((id) => failures.has(id))
    this.totals.retries += suspects.length
    await this.#build({ ...claim, ids: ids.filter((id) => !failures.has(id)) }, run)
    await this.#build({ ...claim, ids: suspects }, run)
  }

  /** Reads the objects, and begins to emit them once the flight before is out: meanwhile the next one can be read. */
  async #build(flight: Flight, run: BuildRun): Promise<void> {
    if (flight.ids.length === 0) return
    if (run.isHopeless) return run.setAside(flight, null)
    const letGo = this.#hold(flight)
    let read: ReadFlight
    try {
      read = await this.#read(flight)
    } catch (error) {
      letGo()
      const isTooLong = sqlStateOf(error) === QUERY_CANCELED
      if (isTooLong) this.#batchSize.tooLong(flight.ids.length)
      return this.#failed(flight, run, { error, isOfObjects: true }, isTooLong || isSuspect(flight))
    }
    await run.emission
    const emission = this.#emit(flight, read, run).finally(letGo)
    if (isSuspect(flight)) {
      run.emission = emission
      const failure = await emission
      if (failure !== null) await this.#failed(flight, run, failure, failure.isOfObjects)
    } else {
      // Nothing that it leads to may wait for `run.emission`, so nothing is built: it is not split.
      run.emission = emission.then(async (failure) => {
        if (failure !== null) await this.#failed(flight, run, failure, false)
      })
    }
  }

  /** Keeps the flight's lease alive, until the function that it gives is called. */
  #hold(flight: Flight): () => void {
    const { claims, leaseMs } = this.#options
    const end = this.totals.underway.begin()
    // A renewal that fails is found out by the one that is awaited, or by the acknowledgement.
    const renew = (): unknown => claims.renew(flight, leaseMs).catch(() => false)
    const renewals = setInterval(renew, Math.min(leaseMs / 3, LONGEST_TIMER_MS))
    return () => {
      clearInterval(renewals)
      end()
    }
  }

  async #read({ ids }: Flight): Promise<ReadFlight> {
    const { schema, client, inexactNumbers } = this.#options
    const startedAt = performance.now()
    const objects = await readObjects(schema, ids, client, inexactNumbers)
    const readMs = performance.now() - startedAt
    this.#batchSize.took(ids.length, readMs)
    return { objects, readMs }
  }

  /** Resolves to the failure, if any. */
  async #emit(flight: Flight, { objects, readMs }: ReadFlight, run: BuildRun): Promise<FlightFailure | null> {
    const { claims, leaseMs, unsettled, onChange } = this.#options
    const { present, absent, version } = objects
    let isOfObjects = false
    try {
      const startedAt = performance.now()
      const isOld = startedAt - flight.claimedAt > leaseMs / 3
      if (isOld && !(await claims.renew(flight, leaseMs))) throw leaseLost()
      if (present.length > 0 || absent.length > 0) {
        const upsert = present.map(({ id, object }) => ({ id: this.#idOf(id), object: object as Built }))
        const deleted = absent.map((id) => this.#idOf(id))
        isOfObjects = true
        await onChange?.({ upsert, delete: deleted, version })
        isOfObjects = false
      }
      const onChangeMs = performance.now() - startedAt
      this.totals.emitted({ upserts: present.length, deletes: absent.length, readMs, onChangeMs })
      run.succeeded()
      unsettled.emitted(flight.ids, flight.covers)
      if ((await claims.acknowledge(flight)) === true) run.cameBack = true
      return null
    } catch (error) {
      return { error, isOfObjects }
    }
  }

  async #failed(
    flight: Flight,
    run: BuildRun,
    { error, isOfObjects }: FlightFailure,
    isSplit: boolean,
  ): Promise<void> {
    const { ids } = flight
    run.failed(error)
    this.totals.failures += 1
    if (!isSplit || ids.length === 1) {
      return this.#failedFlights.add(flight, run, isOfObjects ? { error } : null)
    }
    const half = Math.ceil(ids.length / 2)
    await this.#build({ ...flight, ids: ids.slice(0, half) }, run)
    await this.#build({ ...flight, ids: ids.slice(half) }, run)
  }

  #idOf(text: string): RootId {
    return rootIdOf(planOf(this.#options.schema), text)
  }

  #requireOnChange(): void {
    if (this.#options.onChange !== undefined) return
    throw new CaptureError(
      'ON_CHANGE_MISSING',
      'There is no onChange to hand objects to, so nothing was built and every id is still pending. Give the EventAggregator ' +
        'an onChange, or a scheduleBuildObjects that leaves building to another process.',
    )
  }
}

function isSuspect({ ids: [first], failures }: Flight): boolean {
  return first !== undefined && failures?.has(first) === true
}

function leaseLost(): CaptureError {
  return new CaptureError(
    'LEASE_LOST',
    'A build took longer than its lease and another builder has taken the ids over, so its objects were not emitted. If ' +
      'builds are that slow, raise leaseMs or lower batchSize.',
  )
}

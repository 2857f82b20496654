import { CaptureError } from '../errors/capture-error.ts'
import { readObjects } from '../objects/read-objects.ts'
import type { Claim, ClaimingIdsSet } from '../pending/ids-set.ts'
import { inTurn } from '../pending/in-turn.ts'
import type { RootSchema } from '../schema/schema.ts'
import type { QueryClient } from '../sql/client.ts'
import type { Changes } from './changes.ts'
import { FailedIds } from './failed-ids.ts'

/** A timer that is set for longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** So many failures in a row are not the objects': the database or the sink is down, and a run ends. */
const FAILURES_IN_A_ROW = 15

export interface ObjectBuilderOptions<Built> {
  readonly schema: RootSchema
  readonly client: QueryClient
  readonly claims: ClaimingIdsSet
  readonly onChange: ((changes: Changes<Built>) => unknown) | undefined
  readonly batchSize: number
  readonly leaseMs: number
}

/**
 * Turns pending ids into objects, batch by batch: claim, read in one snapshot, emit, acknowledge.
 *
 * ```
 *            ┌── claim ──▶ read ──▶ renew the lease ──▶ onChange ──▶ acknowledge
 *   pending ─┤                │            │               │
 *            ◀── release ─────┴────────────┴───────────────┘ on any failure, at the end of the run
 * ```
 *
 * Runs of one builder never overlap, and an id is claimed by one builder at a time. So no older object follows a newer one,
 * and an id that comes back while it is built is built again.
 *
 * A batch that fails is set aside and the run goes on with the others. If it fails once more, in a later run, it is split
 * until the bad ids stand alone: one object that can't be built or taken does not hold up the rest.
 */
export class ObjectBuilder<Built> {
  readonly failedIds: FailedIds = new FailedIds()
  readonly #options: ObjectBuilderOptions<Built>
  readonly #oneAtATime = inTurn()
  #next: Promise<number> | null = null
  /** The last run met failures and nothing else. */
  #isOutage = false

  constructor(options: ObjectBuilderOptions<Built>) {
    this.#options = options
  }

  /**
   * Builds all that is pending. Calls made while a run is under way share the one run that follows it, so that each caller
   * gets a run which started after its call. Resolves to the `progress` at its start: all that was collected by then has been
   * built, but for the `failedIds`.
   */
  run(progress: () => number): Promise<number> {
    this.#next ??= this.#oneAtATime(async () => {
      this.#next = null
      const covered = progress()
      await this.#drain(this.#requireOnChange())
      return covered
    })
    return this.#next
  }

  /** Runs a task while no build does. */
  pause<Result>(task: () => Result | PromiseLike<Result>): Promise<Result> {
    return this.#oneAtATime(task)
  }

  async #drain(onChange: (changes: Changes<Built>) => unknown): Promise<void> {
    const { claims, batchSize, leaseMs } = this.#options
    const run = new BuildRun(onChange)
    try {
      for (;;) {
        run.claimedAt = performance.now()
        const { ids, token } = await claims.claim(batchSize, leaseMs)
        const ready = ids.filter((id) => this.failedIds.mayTry(id, run.claimedAt))
        if (ready.length < ids.length) {
          run.setAside({ token, ids: ids.filter((id) => !this.failedIds.mayTry(id, run.claimedAt)) })
        }
        const cameBack = ready.length > 0 && (await this.#build({ token, ids: ready }, run))
        if (run.isHopeless || (ids.length < batchSize && !cameBack)) break
      }
    } finally {
      // What can't be released returns by itself when its lease ends.
      for (const claim of run.aside) await claims.release(claim).catch(() => undefined)
    }
    if (run.aside.length === 0) this.failedIds.clear()
    this.#isOutage = run.firstFailure !== null && !run.hasSucceeded
    if (run.firstFailure !== null) throw run.firstFailure.error
  }

  /** Resolves to whether ids of the claim were added again meanwhile: who did so may have claimed in vain. */
  async #build(claim: Claim, run: BuildRun<Built>): Promise<boolean> {
    try {
      const cameBack = await this.#emit(claim, run)
      this.failedIds.succeeded(claim.ids)
      if (this.#isOutage) this.failedIds.changedAll()
      this.#isOutage = false
      run.succeeded()
      return cameBack
    } catch (error) {
      run.failed(error)
      const split = claim.ids.length > 1 && this.failedIds.isSuspect(claim.ids) && !run.isHopeless
      this.failedIds.failed(claim.ids, performance.now())
      if (!split) {
        run.setAside(claim)
        return false
      }
      const half = Math.ceil(claim.ids.length / 2)
      const first = await this.#build({ ...claim, ids: claim.ids.slice(0, half) }, run)
      const second = await this.#build({ ...claim, ids: claim.ids.slice(half) }, run)
      return first || second
    }
  }

  async #emit(claim: Claim, run: BuildRun<Built>): Promise<boolean> {
    const { schema, client, claims, leaseMs } = this.#options
    const renewals = setInterval(
      () => {
        // A renewal that fails is found out by the one that is awaited, or by the acknowledgement.
        claims.renew(claim, leaseMs).catch(() => false)
      },
      Math.min(leaseMs / 3, LONGEST_TIMER_MS),
    )
    try {
      const { present, absent, version } = await readObjects(schema, claim.ids, client)
      const isOld = performance.now() - run.claimedAt > leaseMs / 3
      if (isOld && !(await claims.renew(claim, leaseMs))) throw leaseLost()
      if (present.length > 0 || absent.length > 0) {
        await run.onChange({ upsert: present as { id: string; object: Built }[], delete: absent, version })
      }
      return (await claims.acknowledge(claim)) === true
    } finally {
      clearInterval(renewals)
    }
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

/** One walk through what is pending. */
class BuildRun<Built> {
  readonly onChange: (changes: Changes<Built>) => unknown
  /** Held to the end of the run, so that it does not claim again at once what has just failed. */
  readonly aside: Claim[] = []
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

  setAside(claim: Claim): void {
    this.aside.push(claim)
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

function leaseLost(): CaptureError {
  return new CaptureError(
    'LEASE_LOST',
    'A build took longer than its lease and another builder has taken the ids over, so its objects were not emitted. If ' +
      'builds are that slow, raise leaseMs or lower batchSize.',
  )
}

import { CaptureError } from '../errors/capture-error.ts'
import { readObjects } from '../objects/read-objects.ts'
import type { Claim, ClaimingIdsSet } from '../pending/ids-set.ts'
import { inTurn } from '../pending/in-turn.ts'
import type { RootSchema } from '../schema/schema.ts'
import type { QueryClient } from '../sql/client.ts'
import type { Changes } from './changes.ts'

/** A timer that is set for longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

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
 *            ◀────────────────┴── release ─┴───────────────┘ on any failure
 * ```
 *
 * Runs of one builder never overlap, and an id is claimed by one builder at a time. So no older object follows a newer one,
 * and an id that comes back while it is built is built again.
 */
export class ObjectBuilder<Built> {
  readonly #options: ObjectBuilderOptions<Built>
  readonly #oneAtATime = inTurn()
  #next: Promise<number> | null = null

  constructor(options: ObjectBuilderOptions<Built>) {
    this.#options = options
  }

  /**
   * Builds all that is pending. Calls made while a run is under way share the one run that follows it, so that each caller
   * gets a run which started after its call. Resolves to the `progress` at its start: all that was collected by then is built.
   */
  run(progress: () => number): Promise<number> {
    this.#next ??= this.#oneAtATime(async () => {
      this.#next = null
      const covered = progress()
      await this.#drain()
      return covered
    })
    return this.#next
  }

  /** Runs a task while no build does. */
  pause<Result>(task: () => Result | PromiseLike<Result>): Promise<Result> {
    return this.#oneAtATime(task)
  }

  async #drain(): Promise<void> {
    const { claims, batchSize, leaseMs } = this.#options
    const onChange = this.#requireOnChange()
    for (;;) {
      const claimedAt = performance.now()
      const claim = await claims.claim(batchSize, leaseMs)
      if (claim.ids.length > 0) await this.#build(claim, claimedAt, onChange)
      if (claim.ids.length < batchSize) return
    }
  }

  async #build(
    claim: Claim,
    claimedAt: number,
    onChange: (changes: Changes<Built>) => unknown,
  ): Promise<void> {
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
      if (performance.now() - claimedAt > leaseMs / 3 && !(await claims.renew(claim, leaseMs)))
        throw leaseLost()
      if (present.length > 0 || absent.length > 0) {
        await onChange({ upsert: present as { id: string; object: Built }[], delete: absent, version })
      }
      await claims.acknowledge(claim)
    } catch (error) {
      // What can't be released returns by itself when its lease ends; the first error is the one to tell.
      await claims.release(claim).catch(() => undefined)
      throw error
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

function leaseLost(): CaptureError {
  return new CaptureError(
    'LEASE_LOST',
    'A build took longer than its lease and another builder has taken the ids over, so its objects were not emitted. If ' +
      'builds are that slow, raise leaseMs or lower batchSize.',
  )
}

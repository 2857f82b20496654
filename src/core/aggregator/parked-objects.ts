import type { ClaimingIdsSet, FailedId } from '../pending/ids-set.ts'
import type { Plan } from '../schema/plan.ts'
import { rootIdOf, rootIdText } from '../schema/root-id.ts'
import type { UnsettledIds } from './unsettled-ids.ts'

/** An object that is not built any more, and why. */
export interface ParkedObject<Id = string> {
  readonly id: Id
  /** How often it has failed. */
  readonly attempts: number
  /** Code and message of an error of pg-capture; the name and code alone of any other, whose message may hold row values. */
  readonly error: string
  /** Milliseconds since it first failed. */
  readonly failingForMs: number
}

/**
 * The objects that have failed so often that they are parked: they stay in the sink as they are.
 *
 * A parked object is tried once more when one of its rows changes, and forgotten as such when it comes through.
 *
 * @example
 * ```ts
 * for await (const batch of aggregator.parked.list()) console.table(batch)
 * // [{ id: '17', attempts: 10, error: 'DatabaseError 22P02', failingForMs: 256_112 }]
 * await aggregator.parked.retry(['17']) // once the cause is mended
 * ```
 */
export class ParkedObjects<Id = string> {
  readonly #plan: Plan
  readonly #claims: ClaimingIdsSet
  readonly #unsettled: UnsettledIds
  readonly #requestBuild: () => Promise<void>

  constructor(
    plan: Plan,
    claims: ClaimingIdsSet,
    unsettled: UnsettledIds,
    requestBuild: () => Promise<void>,
  ) {
    this.#plan = plan
    this.#claims = claims
    this.#unsettled = unsettled
    this.#requestBuild = requestBuild
  }

  /** Yields them batch by batch, of all processes that share the set. */
  async *list(): AsyncGenerator<ParkedObject<Id>[], void, undefined> {
    for await (const batch of this.#parked())
      yield batch.map((object) => ({ ...object, id: rootIdOf(this.#plan, object.id) as Id }))
  }

  /**
   * Tries these once more, or all, and schedules a build as an event does. One that fails again is parked again. An id that
   * is not parked is built, which is harmless.
   */
  async retry(ids?: readonly unknown[]): Promise<void> {
    let any = false
    for await (const batch of this.#chosen(ids)) {
      await this.#claims.add(batch)
      any = true
    }
    if (any) await this.#requestBuild()
  }

  /**
   * Gives these up: their last changes are not emitted, and a source that waits for them waits no more. The next change of
   * one of their rows builds them anew. An id that is not parked is left alone.
   */
  async drop(ids: readonly unknown[]): Promise<void> {
    const wanted = new Set(this.#textsOf(ids))
    for await (const batch of this.#parked()) {
      const chosen = batch.map(({ id }) => id).filter((id) => wanted.has(id))
      if (chosen.length === 0) continue
      await this.#claims.delete(chosen)
      this.#unsettled.dropped(chosen)
    }
  }

  async *#parked(): AsyncGenerator<ParkedObject[], void, undefined> {
    for await (const batch of this.#claims.failed()) {
      const parked = batch.flatMap(asParked)
      if (parked.length > 0) yield parked
    }
  }

  #textsOf(ids: readonly unknown[]): string[] {
    return ids.map((id) => rootIdText(this.#plan, id))
  }

  async *#chosen(ids: readonly unknown[] | undefined): AsyncGenerator<string[], void, undefined> {
    if (ids !== undefined) {
      if (ids.length > 0) yield this.#textsOf(ids)
      return
    }
    for await (const batch of this.#parked()) yield batch.map(({ id }) => id)
  }
}

function asParked({ retryInMs, ...object }: FailedId): ParkedObject[] {
  return retryInMs === null ? [object] : []
}

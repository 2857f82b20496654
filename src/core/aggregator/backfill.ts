import { readVersion } from '../objects/snapshot-version.ts'
import type { ClaimingIdsSet } from '../pending/ids-set.ts'
import { positiveInteger } from '../pending/positive-integer.ts'
import { sweepRootIds } from '../root-ids/sweep-root-ids.ts'
import type { Plan } from '../schema/plan.ts'
import { refuseViews } from '../schema/refuse-views.ts'
import type { QueryClient } from '../sql/client.ts'
import type { ObjectBuilder } from './object-builder.ts'
import type { UnsettledIds } from './unsettled-ids.ts'

export interface BackfillProgress {
  /** How many objects are done. */
  readonly objects: number
  /** The last of their ids, in the order of the primary key: `after` goes on from it. `null` before the first. */
  readonly lastId: string | null
  /** The version when the backfill began. What it emits has this one or a later one. */
  readonly since: bigint
}

export interface BackfillOptions {
  /** Goes on behind this id: the `lastId` of an earlier backfill that did not come to its end. */
  readonly after?: string | undefined
  /**
   * Is told after each page of ids, once its objects are emitted, or without `onChange` once they are in the set; what it returns is
   * awaited.
   */
  readonly onProgress?: ((progress: BackfillProgress) => unknown) | undefined
  /** Ends the backfill between two pages: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
  /** How many ids may be pending before the next page is added, where other processes build. Default: 100,000. */
  readonly maxPending?: number | undefined
}

export interface BackfillParts {
  readonly plan: Plan
  readonly client: QueryClient
  readonly claims: ClaimingIdsSet
  readonly unsettled: UnsettledIds
  readonly batchSize: number
  /** What builds here; `undefined` where that is left to others. */
  readonly builder: Pick<ObjectBuilder<never>, 'run' | 'totals'> | undefined
  readonly requestBuild: () => Promise<void>
}

/** A page keeps a builder busy for a few batches, and an id that an event adds waits for two pages at most. */
const BATCHES_PER_PAGE = 5
const LOOK_AGAIN_MS = 100

/** Adds the ids of all roots to the set, page by page, never further ahead of the builds than by one page. */
export async function backfill(parts: BackfillParts, options: BackfillOptions): Promise<BackfillProgress> {
  const { plan, client, claims, unsettled, batchSize } = parts
  const { after, onProgress, signal } = options
  const maxPending = positiveInteger(options.maxPending ?? 100_000, 'maxPending')
  signal?.throwIfAborted()
  await refuseViews(plan, client)
  let progress: BackfillProgress = { objects: 0, lastId: after ?? null, since: await readVersion(client) }
  const builds = new PageBuilds(parts, { maxPending, signal })
  let page: readonly string[] = []
  const pageIsDone = async (): Promise<void> => {
    await builds.last()
    const lastId = page.at(-1)
    if (lastId === undefined) return
    progress = { ...progress, objects: progress.objects + page.length, lastId }
    await onProgress?.(progress)
  }
  for await (const ids of sweepRootIds(plan, client, { after, idsPerPage: BATCHES_PER_PAGE * batchSize })) {
    await unsettled.add(ids, claims)
    await pageIsDone()
    page = ids
    signal?.throwIfAborted()
    builds.begin()
  }
  await pageIsDone()
  await builds.end()
  return progress
}

interface PageBuildsOptions {
  readonly maxPending: number
  readonly signal: AbortSignal | undefined
}

/** The builds of the pages. Failures of objects wait until the end, unless nothing comes through any more. */
class PageBuilds {
  readonly #parts: BackfillParts
  readonly #options: PageBuildsOptions
  #current: Promise<void> = Promise.resolve()
  #firstFailure: { readonly error: unknown } | null = null

  constructor(parts: BackfillParts, options: PageBuildsOptions) {
    this.#parts = parts
    this.#options = options
  }

  begin(): void {
    this.#current = this.#build()
    // Whoever awaits `last` has the failure, if anybody still does.
    this.#current.catch(() => undefined)
  }

  last(): Promise<void> {
    return this.#current
  }

  /** Other builders over the same set may have held ids of ours: what these held from before is built once more. */
  async end(): Promise<void> {
    const { builder, claims } = this.#parts
    if (builder === undefined) return
    if (this.#firstFailure !== null) throw this.#firstFailure.error
    let held = await all(claims.inFlight())
    if (held.size === 0) return
    while (held.size > 0) {
      await this.#pause()
      const now = await all(claims.inFlight())
      held = new Set([...held].filter((id) => now.has(id)))
    }
    await builder.run()
  }

  async #build(): Promise<void> {
    const { builder, requestBuild, claims } = this.#parts
    if (builder === undefined) {
      await requestBuild()
      while ((await claims.backlog()).pending > this.#options.maxPending) await this.#pause()
      return
    }
    const { builds } = builder.totals
    try {
      await builder.run()
    } catch (error) {
      this.#firstFailure ??= { error }
      if (builder.totals.builds === builds) throw error
    }
  }

  async #pause(): Promise<void> {
    this.#options.signal?.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
  }
}

async function all(batches: Iterable<string[]> | AsyncIterable<string[]>): Promise<Set<string>> {
  const ids = new Set<string>()
  for await (const batch of batches) for (const id of batch) ids.add(id)
  return ids
}

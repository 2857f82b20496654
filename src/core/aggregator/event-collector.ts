import { checkEvent } from '../events/check-event.ts'
import type { WALEvent } from '../events/wal-event.ts'
import { Underway } from '../monitoring/underway.ts'
import { readVersion } from '../objects/snapshot-version.ts'
import type { ClaimingIdsSet } from '../pending/ids-set.ts'
import type { RowEvent } from '../root-ids/affected-keys.ts'
import { FilteredColumns } from '../root-ids/filtered-columns.ts'
import { ForeignLinks } from '../root-ids/foreign-links.ts'
import { nodesOf } from '../root-ids/get-root-ids-from-event.ts'
import { RecentDeletes } from '../root-ids/recent-deletes.ts'
import { affectedRoots, lookUpRootIds } from '../root-ids/resolve-root-ids.ts'
import { sweepRootIds } from '../root-ids/sweep-root-ids.ts'
import type { Plan, TableNode } from '../schema/plan.ts'
import { refuseViews } from '../schema/refuse-views.ts'
import { askedOnce } from '../sql/asked-once.ts'
import type { QueryClient } from '../sql/client.ts'
import type { Truncation } from './changes.ts'
import type { UnsettledIds } from './unsettled-ids.ts'
import type { FenceCounts, VisibilityFence } from './visibility-fence.ts'

export interface EventCollectorOptions {
  readonly plan: Plan
  readonly client: QueryClient
  readonly claims: ClaimingIdsSet
  readonly unsettled: UnsettledIds
  readonly fence: VisibilityFence
  /** Called when the root table was truncated, before what exists is added again. */
  readonly onRootTruncated: (truncation: Truncation) => Promise<void>
}

/**
 * Takes events as far as the set: an event names keys, old and new; once its transaction is visible, they lead to root ids;
 * these are added.
 *
 * What was not added when it rejects is to be delivered again; doing so twice is harmless.
 */
export class EventCollector {
  readonly totals: { events: number; ids: number } = { events: 0, ids: 0 }
  /** Batches that wait for their transactions to become visible. */
  readonly invisible: Underway = new Underway()
  /** When the first attempt began that failed, with no success since, on the clock of `performance.now`. */
  failingSince: number | null = null
  readonly #options: EventCollectorOptions
  readonly #recentDeletes = new RecentDeletes()
  readonly #foreignLinks: ForeignLinks
  readonly #filteredColumns: FilteredColumns
  readonly #refuseViews: () => Promise<void>

  constructor(options: EventCollectorOptions) {
    this.#options = options
    this.#refuseViews = askedOnce(() => refuseViews(options.plan, options.client))
    this.#foreignLinks = new ForeignLinks(options.plan, options.client)
    this.#filteredColumns = new FilteredColumns(options.plan, options.client)
  }

  get fence(): FenceCounts {
    return this.#options.fence.counts
  }

  /** Resolves to whether any id was added. */
  async collect(events: readonly WALEvent[]): Promise<boolean> {
    const startedAt = performance.now()
    try {
      const added = await this.#collect(events)
      this.failingSince = null
      this.totals.events += events.length
      return added
    } catch (error) {
      this.failingSince ??= startedAt
      throw error
    }
  }

  async #collect(events: readonly WALEvent[]): Promise<boolean> {
    events.forEach(checkEvent)
    let added = false
    let rows: { event: RowEvent; nodes: readonly TableNode[] }[] = []
    for (const event of events) {
      const nodes = nodesOf(this.#options.plan, event)
      if (nodes.length === 0) continue
      if (event.action !== 'TRUNCATE') {
        rows.push({ event, nodes })
        continue
      }
      added = (await this.#addRows(rows)) || added
      rows = []
      added = (await this.#addTruncated(event, nodes)) || added
    }
    return (await this.#addRows(rows)) || added
  }

  async #addRows(rows: readonly { event: RowEvent; nodes: readonly TableNode[] }[]): Promise<boolean> {
    if (rows.length === 0) return false
    const { plan, client } = this.#options
    // Events of one table share their array of nodes.
    const nodes = [...new Set(rows.map((row) => row.nodes))].flat()
    const foreign = await this.#foreignLinks.among(nodes)
    const forms = await this.#filteredColumns.formsOf(nodes)
    const roots = affectedRoots(plan, this.#recentDeletes.place(rows), foreign, forms)
    if (roots.ids.size === 0 && roots.keysByLookUp.size === 0) return false
    await this.#becomeVisible(rows.map(({ event }) => event))
    return this.#add(lookUpRootIds(roots, client))
  }

  async #addTruncated(event: WALEvent, nodes: readonly TableNode[]): Promise<boolean> {
    const { plan, client, claims, onRootTruncated } = this.#options
    await this.#becomeVisible([event])
    let added = false
    if (nodes.includes(plan.root)) {
      // A builder elsewhere may have read an object before the TRUNCATE and emit it after: that id has to be built again.
      added = await this.#add(claims.inFlight())
      await onRootTruncated({ version: await readVersion(client) })
    }
    // After onTruncate too: this event may be a late or a repeated one, and what it removed may exist.
    return (await this.#add(sweepRootIds(plan, client))) || added
  }

  async #becomeVisible(events: readonly WALEvent[]): Promise<void> {
    await this.#refuseViews()
    const visible = this.invisible.begin()
    try {
      await this.#options.fence.pass(events)
    } finally {
      visible()
    }
  }

  async #add(batches: Iterable<string[]> | AsyncIterable<string[]>): Promise<boolean> {
    const { claims, unsettled } = this.#options
    let added = false
    for await (const ids of batches) {
      await unsettled.add(ids, claims)
      this.totals.ids += ids.length
      added = true
    }
    return added
  }
}

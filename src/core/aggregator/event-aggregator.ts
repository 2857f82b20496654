import { CaptureError } from '../errors/capture-error.ts'
import { reportFailure } from '../errors/report-failure.ts'
import { checkEvent } from '../events/check-event.ts'
import type { WALEvent } from '../events/wal-event.ts'
import { claimsOf } from '../pending/claims-of.ts'
import type { ClaimingIdsSet, IdsSet } from '../pending/ids-set.ts'
import { InMemorySet } from '../pending/in-memory-set.ts'
import { positiveInteger } from '../pending/positive-integer.ts'
import type { RowEvent } from '../root-ids/affected-keys.ts'
import { FilteredColumns } from '../root-ids/filtered-columns.ts'
import { ForeignLinks } from '../root-ids/foreign-links.ts'
import { nodesOf, rootTruncated } from '../root-ids/get-root-ids-from-event.ts'
import { RecentDeletes } from '../root-ids/recent-deletes.ts'
import { affectedRoots, lookUpRootIds } from '../root-ids/resolve-root-ids.ts'
import { sweepRootIds } from '../root-ids/sweep-root-ids.ts'
import { type Plan, planOf, type TableNode } from '../schema/plan.ts'
import type { RootSchema } from '../schema/schema.ts'
import type { QueryClient } from '../sql/client.ts'
import type { Changes } from './changes.ts'
import { ObjectBuilder } from './object-builder.ts'
import { runOverSet } from './runs-over-set.ts'
import { VisibilityFence } from './visibility-fence.ts'

/** Builds all that is pending. It never rejects: what goes wrong is told to `onError`. */
export type BuildCallback = () => Promise<void>

export interface EventAggregatorOptions<Built = unknown> {
  readonly schema: RootSchema
  /** Reads root ids and objects; nothing is ever written through it. */
  readonly client: QueryClient
  /** Takes the changes; what it returns is awaited. If it fails, the ids stay pending and are built again. */
  readonly onChange?: ((changes: Changes<Built>) => unknown) | undefined
  /** Where ids wait. Default: a new {@link InMemorySet}. */
  readonly idsSet?: IdsSet | undefined
  /**
   * Called when ids have become pending. Call `build` now, later or never: whoever calls `buildObjects`, here or in another
   * process with the same schema and set, builds them. Default: build at once, and `handleEvent` waits for it.
   */
  readonly scheduleBuildObjects?: ((build: BuildCallback) => unknown) | undefined
  /** Is told why a scheduled build failed. Default: `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined
  /** Is called, between builds, when the root table was truncated: remove all objects. Without it that is an error. */
  readonly onTruncate?: (() => unknown) | undefined
  /** Objects per statement and per `onChange`. Default: 1,000. */
  readonly batchSize?: number | undefined
  /** How long a builder may be silent before others take its ids over, in milliseconds. Default: 60,000. */
  readonly leaseMs?: number | undefined
  /** How long to wait for a transaction to become visible, in milliseconds. Default: 30,000. */
  readonly visibilityTimeoutMs?: number | undefined
}

/**
 * Turns changes of rows into changes of objects.
 *
 * @example
 * ```ts
 * const aggregator = new EventAggregator({
 *   schema,
 *   client: new Pool(),
 *   onChange: ({ upsert, delete: deleted }) => console.log(upsert, deleted),
 * })
 *
 * await aggregator.handleEvent({
 *   action: 'UPDATE',
 *   table: 'author',
 *   data: { id: 'bar', name: 'Alice' },
 *   dataOld: { id: 'bar', name: 'Bob' },
 * })
 * // [{ id: 'foo', object: { id: 'foo', title: 'Harry Potter', author: 'Alice' } }] []
 * ```
 *
 * @throws SchemaError from the constructor; CaptureError `OPTION_INVALID`.
 */
export class EventAggregator<Built = unknown> {
  readonly schema: RootSchema
  /** Whether what was collected outlives this process before it is built. */
  readonly durable: boolean
  /** Whether this aggregator can build: it has an `onChange`. */
  readonly emits: boolean
  /** Whether it leaves to a `scheduleBuildObjects` when, and where, to build. */
  readonly delegates: boolean
  readonly #plan: Plan
  readonly #client: QueryClient
  readonly #claims: ClaimingIdsSet
  readonly #builder: ObjectBuilder<Built>
  readonly #fence: VisibilityFence
  readonly #visibilityTimeoutMs: number
  readonly #recentDeletes = new RecentDeletes()
  readonly #foreignLinks: ForeignLinks
  readonly #filteredColumns: FilteredColumns
  readonly #options: EventAggregatorOptions<Built>
  /** Counts collected batches; a build covers those that were in the set when it started. */
  #collected = 0
  #emitted = 0
  #waiters: { readonly until: number; readonly resolve: () => void }[] = []

  constructor(options: EventAggregatorOptions<Built>) {
    this.#options = options
    this.schema = options.schema
    this.#plan = planOf(options.schema)
    this.#client = checkedClient(options.client)
    this.#claims = claimsOf(options.idsSet ?? new InMemorySet())
    this.durable = this.#claims.durable === true
    this.emits = options.onChange !== undefined
    this.delegates = options.scheduleBuildObjects !== undefined
    this.#foreignLinks = new ForeignLinks(this.#plan, options.client)
    this.#filteredColumns = new FilteredColumns(this.#plan, options.client)
    this.#fence = VisibilityFence.of(options.client)
    this.#visibilityTimeoutMs = positiveInteger(options.visibilityTimeoutMs ?? 30_000, 'visibilityTimeoutMs')
    this.#builder = new ObjectBuilder({
      schema: options.schema,
      client: options.client,
      claims: this.#claims,
      onChange: options.onChange,
      batchSize: positiveInteger(options.batchSize ?? 1_000, 'batchSize'),
      leaseMs: positiveInteger(options.leaseMs ?? 60_000, 'leaseMs'),
    })
  }

  /**
   * Takes one event: finds the ids of the objects that it can change, adds them to the set and schedules a build. An event
   * that can't change an object does nothing.
   *
   * When it resolves, the ids are in the set, or built already. When it rejects, deliver the event again: doing so twice is
   * harmless. With the default schedule it also rejects when the build fails.
   */
  async handleEvent(event: WALEvent): Promise<void> {
    await this.handleEvents([event])
  }

  /** Takes a batch of events, at best a whole transaction or several: one look-up for each path, not one for each event. */
  async handleEvents(events: readonly WALEvent[]): Promise<void> {
    if (await this.collect(events)) await this.requestBuild()
  }

  /** Takes events as far as the set and schedules nothing. Resolves to whether any id was added. */
  async collect(events: readonly WALEvent[]): Promise<boolean> {
    events.forEach(checkEvent)
    let added = false
    let rows: { event: RowEvent; nodes: readonly TableNode[] }[] = []
    for (const event of events) {
      const nodes = nodesOf(this.#plan, event)
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

  /**
   * Builds what is pending and hands it to `onChange`. Call it where `scheduleBuildObjects` does not. Calls that overlap
   * wait for one another; each is served by a run that starts after it.
   *
   * Rejects with the error of the query, of the set or of `onChange`, once it has gone through everything else; then the ids
   * concerned are pending still. An id that keeps failing is left alone for a while, see {@link retryInMs}.
   */
  async buildObjects(): Promise<void> {
    let covered = 0
    const run = async (): Promise<boolean> => {
      covered = await this.#builder.run(() => this.#collected)
      return this.#builder.failedIds.size === 0
    }
    await runOverSet(this.#claims, this.#builder, run, () => this.#settle(covered))
  }

  /** Milliseconds until a build may try again what has failed in this process; `null` where nothing has. */
  get retryInMs(): number | null {
    return this.#builder.failedIds.waitMs(performance.now())
  }

  /**
   * Schedules a build, as it happens after each event: by `scheduleBuildObjects`, or else at once. `onScheduledFailure` is
   * called where a scheduled build has failed, after `onError`.
   */
  async requestBuild(onScheduledFailure?: () => void): Promise<void> {
    const schedule = this.#options.scheduleBuildObjects
    if (schedule === undefined) return this.buildObjects()
    await schedule(async () => {
      try {
        await this.buildObjects()
      } catch (error) {
        this.#tell(error)
        onScheduledFailure?.()
      }
    })
  }

  /**
   * Resolves when all that was collected so far may be acknowledged to its source: in a durable set at once, else when it
   * has been emitted.
   */
  async settled(): Promise<void> {
    if (this.durable || this.#emitted >= this.#collected) return
    const until = this.#collected
    await new Promise<void>((resolve) => this.#waiters.push({ until, resolve }))
  }

  async #addRows(rows: readonly { event: RowEvent; nodes: readonly TableNode[] }[]): Promise<boolean> {
    if (rows.length === 0) return false
    const foreign = await this.#foreignLinks.among(rows.flatMap(({ nodes }) => nodes))
    const forms = await this.#filteredColumns.formsOf(rows.flatMap(({ nodes }) => nodes))
    const roots = affectedRoots(this.#plan, this.#recentDeletes.place(rows), foreign, forms)
    if (roots.ids.size === 0 && roots.keysByLookUp.size === 0) return false
    await this.#becomeVisible(rows.map(({ event }) => event))
    return this.#add(lookUpRootIds(roots, this.#client))
  }

  async #addTruncated(event: WALEvent, nodes: readonly TableNode[]): Promise<boolean> {
    await this.#becomeVisible([event])
    const removed = nodes.includes(this.#plan.root) && (await this.#removeAll())
    // After onTruncate too: this event may be a late or a repeated one, and what it removed may exist.
    return (await this.#add(sweepRootIds(this.#plan, this.#client))) || removed
  }

  async #removeAll(): Promise<boolean> {
    const { onTruncate } = this.#options
    if (onTruncate === undefined) throw rootTruncated(this.#plan)
    // A builder elsewhere may have read an object before the TRUNCATE and emit it after: that id has to be built again.
    const added = await this.#add(this.#claims.inFlight())
    await this.#builder.pause(onTruncate)
    return added
  }

  async #becomeVisible(events: readonly WALEvent[]): Promise<void> {
    await this.#fence.pass(events, this.#visibilityTimeoutMs)
  }

  async #add(batches: Iterable<string[]> | AsyncIterable<string[]>): Promise<boolean> {
    let added = false
    for await (const ids of batches) {
      await this.#claims.add(ids)
      this.#builder.failedIds.changed(ids)
      added = true
      this.#collected += 1
    }
    return added
  }

  #settle(covered: number): void {
    this.#emitted = Math.max(this.#emitted, covered)
    const done = this.#waiters.filter(({ until }) => until <= this.#emitted)
    this.#waiters = this.#waiters.filter(({ until }) => until > this.#emitted)
    for (const { resolve } of done) resolve()
  }

  #tell(error: unknown): void {
    try {
      if (this.#options.onError !== undefined) return this.#options.onError(error)
      reportFailure('a scheduled build failed, its ids stay pending', error)
    } catch (failure) {
      reportFailure('onError failed when it was told of a scheduled build', failure)
    }
  }
}

function checkedClient(client: QueryClient): QueryClient {
  const given: unknown = client
  if (typeof given === 'object' && given !== null && 'query' in given && typeof given.query === 'function')
    return client
  throw new CaptureError(
    'OPTION_INVALID',
    '"client" has to have a method query(text, values): a Pool or a Client of pg, say.',
  )
}

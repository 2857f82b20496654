import { CaptureError } from '../errors/capture-error.ts'
import { reportFailure } from '../errors/report-failure.ts'
import { plainTableName } from '../events/table-name.ts'
import type { WALEvent } from '../events/wal-event.ts'
import { type Health, healthOf, type HealthLimits } from '../monitoring/health.ts'
import type { Measured, Measurement } from '../monitoring/measurement.ts'
import { claimsOf } from '../pending/claims-of.ts'
import type { ClaimingIdsSet, IdsSet } from '../pending/ids-set.ts'
import { InMemorySet } from '../pending/in-memory-set.ts'
import { positiveInteger } from '../pending/positive-integer.ts'
import { rootTruncated } from '../root-ids/get-root-ids-from-event.ts'
import type { InexactNumbers } from '../objects/parse-object.ts'
import { planOf } from '../schema/plan.ts'
import type { RootId } from '../schema/root-id.ts'
import type { RootSchema } from '../schema/schema.ts'
import type { TypedSchema } from '../schema/typed-schema.ts'
import type { QueryClient } from '../sql/client.ts'
import { type AggregatorActivity, aggregatorMeasurements, aggregatorReasons } from './aggregator-activity.ts'
import { backfill, type BackfillOptions, type BackfillProgress } from './backfill.ts'
import type { Changes, Truncation } from './changes.ts'
import { EventCollector } from './event-collector.ts'
import { ObjectBuilder } from './object-builder.ts'
import { ParkedObjects } from './parked-objects.ts'
import { SetInquiry } from './set-inquiry.ts'
import { UnsettledIds } from './unsettled-ids.ts'
import { type UnpositionedEvents, VisibilityFence } from './visibility-fence.ts'

/** Builds all that is pending. It never rejects: what goes wrong is told to `onError`. */
export type BuildCallback = () => Promise<void>

export interface EventAggregatorOptions<Built = unknown, Id = string> {
  /** A {@link RootSchema}; one made by `defineSchema` also says what `onChange` receives. */
  readonly schema: TypedSchema<Built, Id>
  /** Reads root ids and objects; nothing is ever written through it. */
  readonly client: QueryClient
  /** Takes the changes; what it returns is awaited. If it fails, the ids stay pending and are built again. */
  readonly onChange?: ((changes: Changes<Built, Id>) => unknown) | undefined
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
  readonly onTruncate?: ((truncation: Truncation) => unknown) | undefined
  /** The most objects per statement and per `onChange`. Default: 1,000. */
  readonly batchSize?: number | undefined
  /**
   * How long reading a batch of objects should take at most, in milliseconds: batches get smaller while it takes longer, and grow
   * again up to `batchSize`. Default: 1,000.
   */
  readonly targetReadMs?: number | undefined
  /**
   * What stands in an object for a number that a JavaScript number does not hold: `BigInt`, say, or `(digits) => new Decimal(digits)`.
   * It gets the digits as Postgres prints them. Default: those digits, as a string. `Number` rounds.
   */
  readonly inexactNumbers?: InexactNumbers | undefined
  /** How long a builder may be silent before others take its ids over, in milliseconds. Default: 60,000. */
  readonly leaseMs?: number | undefined
  /** How long to wait for a transaction to become visible, in milliseconds. Default: 30,000. */
  readonly visibilityTimeoutMs?: number | undefined
  /**
   * How events are held back that tell neither `xid` nor `lsn`, or not the one that counts: the `xid` where `client` reads from a
   * primary, the `lsn` where it reads from a standby. Default: `'barrier'`, which on a standby is the error `VISIBILITY_UNKNOWABLE`.
   */
  readonly unpositionedEvents?: UnpositionedEvents | undefined
  /** After how many failed attempts an object is parked, if others go through meanwhile. Default: 10. */
  readonly parkAfter?: number | undefined
  /** What figures, health and errors call these objects. Default: the root table. */
  readonly name?: string | undefined
  /** From when on `health` counts what lasts. */
  readonly health?: HealthLimits | undefined
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
export class EventAggregator<Built = unknown, Id = string> implements Measured {
  readonly schema: RootSchema
  readonly name: string
  /** Whether what was collected outlives this process before it is built. */
  readonly durable: boolean
  /** Whether this aggregator can build: it has an `onChange`. */
  readonly emits: boolean
  /** Whether it leaves to a `scheduleBuildObjects` when, and where, to build. */
  readonly delegates: boolean
  /** What has failed so often that it is not built any more: to look at, to try again, to give up. */
  readonly parked: ParkedObjects<Id>
  readonly #claims: ClaimingIdsSet
  readonly #batchSize: number
  readonly #inquiry: SetInquiry
  readonly #unsettled: UnsettledIds
  readonly #collector: EventCollector
  readonly #builder: ObjectBuilder<Built>
  readonly #options: EventAggregatorOptions<Built, Id>

  constructor(options: EventAggregatorOptions<Built, Id>) {
    const plan = planOf(options.schema)
    const idsSet = options.idsSet ?? new InMemorySet()
    this.#options = options
    this.schema = options.schema
    this.name = options.name ?? plainTableName(plan.root.table)
    const claims = claimsOf(idsSet)
    this.#claims = claims
    this.#batchSize = positiveInteger(options.batchSize ?? 1_000, 'batchSize')
    this.#inquiry = new SetInquiry(claims)
    this.#unsettled = UnsettledIds.of(idsSet)
    this.durable = claims.durable === true
    this.emits = options.onChange !== undefined
    this.delegates = options.scheduleBuildObjects !== undefined
    const shared = {
      client: checkedClient(options.client),
      claims,
      unsettled: this.#unsettled,
    }
    this.#builder = new ObjectBuilder({
      ...shared,
      name: this.name,
      schema: options.schema,
      // Id is what rootIdOf makes of this schema's ids.
      onChange: options.onChange as ((changes: Changes<Built, RootId>) => unknown) | undefined,
      batchSize: this.#batchSize,
      targetReadMs: positiveInteger(options.targetReadMs ?? 1_000, 'targetReadMs'),
      inexactNumbers: optionalFunction(options.inexactNumbers, 'inexactNumbers'),
      leaseMs: positiveInteger(options.leaseMs ?? 60_000, 'leaseMs'),
      parkAfter: positiveInteger(options.parkAfter ?? 10, 'parkAfter'),
    })
    this.#collector = new EventCollector({
      ...shared,
      plan,
      fence: new VisibilityFence({
        client: options.client,
        timeoutMs: positiveInteger(options.visibilityTimeoutMs ?? 30_000, 'visibilityTimeoutMs'),
        unpositionedEvents: options.unpositionedEvents ?? 'barrier',
      }),
      onRootTruncated: async (truncation) => {
        if (options.onTruncate === undefined) throw rootTruncated(plan)
        await this.#builder.pause(() => options.onTruncate?.(truncation))
      },
    })
    this.parked = new ParkedObjects(plan, claims, this.#unsettled, () => this.requestBuild())
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
    return this.#collector.collect(events)
  }

  /**
   * Builds what is pending and hands it to `onChange`. Call it where `scheduleBuildObjects` does not. Calls that overlap
   * wait for one another; each is served by a run that starts after it.
   *
   * Rejects with the error of the query, of the set or of `onChange`, once it has gone through everything else; then the ids
   * concerned are pending still. An id that keeps failing is left alone for a while, see {@link retryInMs}, and parked in the
   * end, which it rejects with an {@link ObjectsParkedError} for.
   */
  async buildObjects(): Promise<void> {
    await this.#builder.run()
  }

  /**
   * Builds every object that there is: for a sink that is new or has lost something, or after a gap in the events. Events go on
   * beside it, and no object goes backwards. Begin it when the source's slot exists, so that nothing falls between the two.
   *
   * @example
   * ```ts
   * const { objects, since } = await aggregator.backfill({ onProgress: ({ objects }) => console.log(objects) })
   * // Whatever the sink holds in an older version is the object of no row any more.
   * await sink.query('DELETE FROM book_document WHERE version < $1', [since])
   * ```
   *
   * It pages through the ids by primary key, adds them to the set, and builds them here; without an `onChange` it leaves that to the
   * processes that have one, and waits for them whenever `maxPending` ids are pending. Resolves when all is emitted; without
   * `onChange`, when all is in the set. Memory stays bounded.
   *
   * Rejects with the first failure. Objects that fail while others go through hold nothing up: it goes on to the end and rejects
   * then. Where nothing goes through any more it stops; `after` goes on from the last progress told.
   */
  async backfill(options: BackfillOptions = {}): Promise<BackfillProgress> {
    return backfill(
      {
        plan: planOf(this.schema),
        client: this.#options.client,
        claims: this.#claims,
        unsettled: this.#unsettled,
        batchSize: this.#batchSize,
        builder: this.emits ? this.#builder : undefined,
        requestBuild: () => this.requestBuild(),
      },
      options,
    )
  }

  /** Milliseconds until a build may try again what has failed, as far as this process knows; `null` where nothing has. */
  get retryInMs(): number | null {
    return this.#builder.retryInMs
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
   * has been emitted, by any aggregator over the same set. What is parked holds it up until it comes through or is dropped.
   */
  async settled(): Promise<void> {
    await this.#unsettled.settled()
  }

  /** Whether objects follow their rows, as far as this process can tell; if not, why. */
  async health(): Promise<Health> {
    return healthOf(
      aggregatorReasons(this.#activity, await this.#inquiry.backlog(), this.#options.health ?? {}),
    )
  }

  async measure(): Promise<readonly Measurement[]> {
    return aggregatorMeasurements(this.#activity, await this.#inquiry.backlog())
  }

  get #activity(): AggregatorActivity {
    return { name: this.name, collector: this.#collector, builds: this.#builder.totals }
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

function optionalFunction<Given>(given: Given, option: string): Given {
  if (given === undefined || typeof given === 'function') return given
  throw new CaptureError('OPTION_INVALID', `"${option}" has to be a function.`)
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

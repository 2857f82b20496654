import {
  Capture,
  type Changes,
  EventAggregator,
  type EventAggregatorOptions,
  type IdsSet,
  type QueryClient,
} from 'pg-capture'
import { BuildSchedule } from './build-schedule.ts'
import type { CaseSets, Life } from './case-sets.ts'
import type { Coverage } from './coverage.ts'
import { FedSource } from './fed-source.ts'
import { changesByText } from './id-text.ts'
import { type Interference, MadeFailure } from './interference.ts'
import type { OracleServer } from './oracle-server.ts'
import type { Replica } from './replica.ts'
import type { Sabotage } from './sabotage.ts'
import type { Passed, Script } from './script.ts'

/** So short that a builder, which looks at a third of it, always asks for its renewal before it emits. */
const SHORT_LEASE_MS = 6
const LONG_LEASE_MS = 60_000

export interface CapturingProcessParameters {
  readonly script: Script
  readonly server: OracleServer
  readonly sets: CaseSets
  readonly interference: Interference
  readonly replica: Replica
  readonly sabotage: Sabotage
  readonly coverage: Coverage
  readonly onError: (error: unknown) => void
}

/** Where an aggregator lives: its process, and the set object that it has there. */
interface Place {
  readonly life: Life
  readonly idsSet: IdsSet
  readonly end: () => void
}

/** The aggregators of a case, from the start of their processes to their end. */
export class CapturingProcess implements Life {
  /** Take events. */
  readonly handlers: readonly EventAggregator[]
  /** What feeds the handlers, where a Capture does. */
  readonly source: FedSource | undefined
  readonly #parameters: CapturingProcessParameters
  readonly #schedule: BuildSchedule
  readonly #shared: Place | undefined
  readonly #builders: { readonly aggregator: EventAggregator; readonly place: Place }[] = []
  readonly #capture: Capture | undefined
  #hasEnded = false

  constructor(parameters: CapturingProcessParameters) {
    this.#parameters = parameters
    const { script, sabotage, coverage } = parameters
    const { aggregators, setObjects, delivery, schedule } = script.setup
    this.#schedule = new BuildSchedule(schedule, (feature) => coverage.count(feature))
    this.#shared = setObjects === 'one each' ? undefined : this.#newPlace()
    const isBoth = aggregators === 'one' || aggregators === 'two that do both'
    const builders = aggregators === 'one' || aggregators === 'handler and builder' ? 1 : 2
    for (let count = 0; count < builders; count += 1) this.#builders.push(this.#newBuilder(isBoth))
    this.handlers = isBoth ? this.builders : [this.#newHandler()]
    if (delivery !== 'Capture') return
    this.source = new FedSource()
    this.#capture = new Capture({
      source: this.source,
      aggregators: this.handlers.map((handler) => sabotage.captured?.(handler) ?? handler),
      onError: parameters.onError,
      stopTimeoutMs: 2_000,
    })
    this.#capture.run().catch(parameters.onError)
  }

  /** Emit. Where there is one aggregator, it does both. */
  get builders(): readonly EventAggregator[] {
    return this.#builders.map(({ aggregator }) => aggregator)
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Whether each aggregator is in a process of its own. */
  get isSpread(): boolean {
    return this.#shared === undefined
  }

  /** The builds that were asked for and put off. */
  takeScheduled(): (() => Promise<void>)[] {
    return this.#schedule.take()
  }

  /** Lets the builds of a Capture finish. */
  async stopCapture(): Promise<void> {
    await this.#capture?.stop()
  }

  /** From here on whatever it still does fails, and so nothing of it takes effect. Resolves when its Capture has noticed. */
  async end(): Promise<void> {
    this.#hasEnded = true
    await this.stopCapture()
  }

  /** Ends the process of one builder and starts another one, where it has its own and takes no events. */
  restartBuilder(number: number): boolean {
    const index = number % this.#builders.length
    const builder = this.#builders[index]
    if (builder === undefined || !this.isSpread || this.handlers.includes(builder.aggregator)) return false
    builder.place.end()
    this.#builders[index] = this.#newBuilder(false)
    return true
  }

  #newPlace(): Place {
    const { sets, sabotage } = this.#parameters
    const isProcessOver = (): boolean => this.#hasEnded
    let isOver = false
    const life: Life = {
      get hasEnded() {
        return isOver || isProcessOver()
      },
    }
    const set = sets.open({ pass: (place) => this.#pass(life, place), alive: () => alive(life) }, life)
    const end = (): void => {
      isOver = true
    }
    return { life, idsSet: sabotage.set?.(set) ?? set, end }
  }

  /** An aggregator that emits, and takes events too if `handles`. */
  #newBuilder(handles: boolean): { aggregator: EventAggregator; place: Place } {
    const { replica, interference, script } = this.#parameters
    const place = this.#shared ?? this.#newPlace()
    const onChange = async (given: Changes<unknown, unknown>): Promise<void> => {
      const changes = changesByText(script.schema, given)
      await this.#pass(place.life, 'before onChange')
      interference.take([...changes.upsert.map(({ id }) => id), ...changes.delete])
      replica.apply(changes)
      await interference.pass('after onChange')
    }
    const scheduleBuildObjects = this.#schedule.scheduler()
    const client = this.#reader(place.life, handles)
    const aggregator = new EventAggregator<unknown>({
      ...this.#options(place),
      client,
      onChange,
      scheduleBuildObjects,
    })
    return { aggregator, place }
  }

  /** An aggregator that only takes events. As the process page has it: another process is told to build. */
  #newHandler(): EventAggregator {
    const place = this.#shared ?? this.#newPlace()
    return new EventAggregator({
      ...this.#options(place),
      client: this.#reader(place.life, true),
      scheduleBuildObjects: this.#schedule.scheduler(async () => this.builders[0]?.buildObjects()),
    })
  }

  #options(
    place: Place,
  ): Pick<
    EventAggregatorOptions,
    | 'schema'
    | 'idsSet'
    | 'batchSize'
    | 'leaseMs'
    | 'onError'
    | 'onTruncate'
    | 'unpositionedEvents'
    | 'parkAfter'
  > {
    const { script, replica, onError, sabotage } = this.#parameters
    return {
      unpositionedEvents: sabotage.unpositionedEvents,
      schema: script.schema,
      idsSet: place.idsSet,
      batchSize: script.setup.batchSize,
      parkAfter: script.setup.parkAfter,
      leaseMs: script.setup.lease === 'short' ? SHORT_LEASE_MS : LONG_LEASE_MS,
      onError: (error) => place.life.hasEnded || onError(error),
      onTruncate: (truncation) => {
        alive(place.life)
        replica.truncate(truncation)
      },
    }
  }

  async #pass(life: Life, place: Passed): Promise<void> {
    alive(life)
    await this.#parameters.interference.pass(place)
    alive(life)
  }

  #reader(life: Life, handles: boolean): QueryClient {
    const { server, sabotage } = this.#parameters
    const reader: QueryClient = {
      query: async (text, values) => {
        await this.#pass(life, 'before query')
        const result = await server.pool.query(text, values)
        await this.#pass(life, 'after query')
        return result
      },
    }
    return handles ? (sabotage.client?.(reader) ?? reader) : reader
  }
}

function alive(life: Life): void {
  if (life.hasEnded) throw new MadeFailure('the end of the process')
}

/** Whether a builder may emit after another one has taken its ids over. */
export function mayLapse({ setup, steps }: Script): boolean {
  return setup.lease === 'short' || steps.some((step) => step.do === 'lapse')
}

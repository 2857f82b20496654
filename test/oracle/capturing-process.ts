import { EventAggregator, InMemorySet, type IdsSet, type QueryClient, RedisSet } from 'pg-capture'
import { type Interference, MadeFailure } from './interference.ts'
import type { OracleServer } from './oracle-server.ts'
import { faultyClaimingSet, faultyPlainSet, MySet } from './pending-sets.ts'
import type { Replica } from './replica.ts'
import type { Sabotage } from './sabotage.ts'
import type { Script } from './script.ts'

/** Leases that a case can wait for, where a process ends with ids in flight. */
export const SHORT_LEASE_MS = 300

export interface CapturingProcessParameters {
  readonly script: Script
  readonly server: OracleServer
  /** Of the set, if it is in Redis. */
  readonly redisKey: string
  readonly interference: Interference
  readonly replica: Replica
  readonly sabotage: Sabotage
  readonly onError: (error: unknown) => void
}

/** The aggregators of a case, from the start of their process to its end. */
export class CapturingProcess {
  /** Takes the events. */
  readonly handler: EventAggregator
  /** Emit. Where there is one aggregator, it does both. */
  readonly builders: readonly EventAggregator[]
  readonly #parameters: CapturingProcessParameters
  #hasEnded = false
  #scheduled: (() => Promise<void>)[] = []

  constructor(parameters: CapturingProcessParameters) {
    this.#parameters = parameters
    const { script, sabotage, replica, interference } = parameters
    const { setup, schema } = script
    const set = this.#newSet()
    const idsSet = sabotage.set?.(set) ?? set
    const reader = this.#reader()
    const shared = {
      schema,
      idsSet,
      batchSize: setup.batchSize,
      leaseMs: hasShortLease(script) ? SHORT_LEASE_MS : 60_000,
      onError: parameters.onError,
      onTruncate: () => replica.truncate(),
      unpositionedEvents: sabotage.unpositionedEvents,
    }
    const onChange: ConstructorParameters<typeof EventAggregator>[0]['onChange'] = async (changes) => {
      await this.#pass('before onChange')
      replica.apply(changes)
      await interference.pass('after onChange')
    }
    const newBuilder = (): EventAggregator =>
      new EventAggregator({
        ...shared,
        client: this.#reader(),
        onChange,
        scheduleBuildObjects: this.#schedule(),
      })
    const handlerClient = sabotage.client?.(reader) ?? reader
    if (setup.aggregators === 'one') {
      this.handler = new EventAggregator({
        ...shared,
        client: handlerClient,
        onChange,
        scheduleBuildObjects: this.#schedule(),
      })
      this.builders = [this.handler]
      return
    }
    this.builders =
      setup.aggregators === 'handler and builder' ? [newBuilder()] : [newBuilder(), newBuilder()]
    const [first] = this.builders as [EventAggregator]
    // As the process page has it: another process is told to build.
    const tellBuilder = setup.schedule === 'at once' ? () => first.buildObjects() : () => undefined
    this.handler = new EventAggregator({
      ...shared,
      client: handlerClient,
      scheduleBuildObjects: tellBuilder,
    })
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** The builds that were asked for and put off. */
  takeScheduled(): (() => Promise<void>)[] {
    const scheduled = this.#scheduled
    this.#scheduled = []
    return scheduled
  }

  /** From here on whatever it still does fails, and so nothing of it takes effect. */
  end(): void {
    this.#hasEnded = true
    this.#scheduled = []
  }

  readonly #alive = (): void => {
    if (this.#hasEnded) throw new MadeFailure('the end of the process')
  }

  async #pass(place: Parameters<Interference['pass']>[0]): Promise<void> {
    this.#alive()
    await this.#parameters.interference.pass(place)
    this.#alive()
  }

  #schedule(): ((build: () => Promise<void>) => void) | undefined {
    switch (this.#parameters.script.setup.schedule) {
      case 'at once':
        return undefined
      case 'never':
        return () => undefined
      default:
        return (build) => void this.#scheduled.push(build)
    }
  }

  #reader(): QueryClient {
    const { pool } = this.#parameters.server
    return {
      query: async (text, values) => {
        await this.#pass('before query')
        const result = await pool.query(text, values)
        await this.#pass('after query')
        return result
      },
    }
  }

  #newSet(): IdsSet {
    const { script, server, redisKey } = this.#parameters
    const { set, batchSize } = script.setup
    const faults = { pass: () => this.#pass('set'), alive: this.#alive }
    switch (set) {
      case 'memory':
        return faultyClaimingSet(new InMemorySet({ batchSize }), faults)
      case 'plain':
        return faultyPlainSet(new MySet(), faults)
      default:
        return faultyClaimingSet(
          new RedisSet({ client: server.redis[set], key: redisKey, batchSize }),
          faults,
        )
    }
  }
}

/** Whether the process ends while ids may be in flight in a set that outlives it. */
export function hasShortLease({ setup, steps }: Script): boolean {
  return (setup.set === 'ioredis' || setup.set === 'node-redis') && steps.some((step) => step.do === 'crash')
}

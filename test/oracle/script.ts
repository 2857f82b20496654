import type { RootSchema } from 'pg-capture'

/**
 * One case of the oracle as plain data: tables, a schema over them, and all that happens, in SQL and numbers. Nothing in it
 * depends on how it was generated, so a script filed under `regressions/` means the same for ever.
 */
export interface Script {
  readonly tables: readonly ScriptTable[]
  /** Run after the tables exist: rows first, foreign keys last. */
  readonly prepare: readonly string[]
  readonly schema: RootSchema
  readonly setup: Setup
  readonly steps: readonly Step[]
}

export interface ScriptTable {
  readonly schema: string
  readonly table: string
  readonly columns: readonly ScriptColumn[]
  /** Creates the table; its constraints to others are in `prepare`. */
  readonly create: readonly string[]
  /** Where it is divided: by which column, and the names of its partitions in its Postgres schema. */
  readonly divided?: { readonly by: string; readonly partitions: readonly string[] }
}

export interface ScriptColumn {
  readonly name: string
  readonly type: string
}

export interface Setup {
  readonly set: 'memory' | 'plain' | 'ioredis' | 'node-redis' | 'postgres'
  /** `two that do both`: each takes a part of the transactions, or all where a `Capture` delivers, and each emits. */
  readonly aggregators: 'one' | 'handler and builder' | 'handler and two builders' | 'two that do both'
  /** `one each`: every aggregator is in a process of its own, with a set object of its own over one store. */
  readonly setObjects?: 'one' | 'one each'
  /**
   * What `scheduleBuildObjects` does: absent, calls nothing, calls `build` at the next step, at once but only for every second
   * request, or once when a step brought no request.
   */
  readonly schedule: 'at once' | 'never' | 'later' | 'some are lost' | 'when quiet'
  readonly batchSize: number
  /** `full`: the replica is a copy from before the first event. `empty`: the prepared rows come as events too. */
  readonly replica: 'full' | 'empty'
  /** Under which name the publication sends a row of a partition. Those of partitions are renamed before anything else. */
  readonly names?: 'tables' | 'partitions'
  /** Who gives events to the aggregators and confirms positions: the steps, or a `Capture` that the steps feed. */
  readonly delivery?: 'by hand' | 'Capture'
  /** `short`: builders find out before they emit that they are late, and are so now and then without any step. */
  readonly lease?: 'long' | 'short'
  /** After how many failures an object is parked; absent: as it is by default. */
  readonly parkAfter?: number
}

export type Step =
  | TransactionStep
  | DeliverStep
  | BuildStep
  | RedeliverStep
  | HoldStep
  | FailStep
  | PoisonStep
  | LapseStep
  | CrashStep

export interface TransactionStep {
  readonly do: 'transaction'
  readonly statements: readonly Statement[]
  readonly end: 'commit' | 'rollback'
  /** Steps for which it stays open before it ends, while others commit. */
  readonly openFor: number
}

export interface Statement {
  /** What it is an instance of, for the coverage report. */
  readonly kind: string
  readonly table: string
  readonly sql: string
  /** `guarded`: in a savepoint that is rolled back if it fails. `undone`: in one that is rolled back anyway. */
  readonly mode: 'plain' | 'guarded' | 'undone'
}

export interface DeliverStep {
  readonly do: 'deliver'
  /** At most so many of the events that have not been delivered. */
  readonly events: number
  /** Which of the aggregators that take events, where there are several. */
  readonly to?: number
  readonly by: 'handleEvent' | 'handleEvents' | 'collect' | 'handleEvent, all at once'
}

export interface BuildStep {
  readonly do: 'build'
  readonly builder: number
}

/** Goes back so many transactions in the stream, as a source does that reconnects. */
export interface RedeliverStep {
  readonly do: 'redeliver'
  readonly transactions: number
}

/** A place at which an operation can be made to wait or to fail. */
export type Place = 'before query' | 'after query' | 'before onChange' | 'after onChange' | 'set'

/** A place that an operation comes to: `set` is either of the two. */
export type Passed = Exclude<Place, 'set'> | 'before set' | 'after set'

/** Makes the operation that next reaches the place, after so many others, wait there for some steps. */
export interface HoldStep {
  readonly do: 'hold'
  readonly place: Exclude<Place, 'set'>
  readonly after: number
  readonly steps: number
}

/** Makes the operation that next reaches the place, after so many others, fail there. */
export interface FailStep {
  readonly do: 'fail'
  readonly place: Place
  readonly after: number
}

/**
 * Makes `onChange` refuse some ids, with whatever comes with them, for some steps: about one of so many. If it lasts until the
 * last step, all others have to come through before it ends.
 */
export interface PoisonStep {
  readonly do: 'poison'
  readonly oneOf: number
  readonly steps: number
}

/** All leases end that there are at this moment, as if their builders had been paused for longer. */
export interface LapseStep {
  readonly do: 'lapse'
}

/** The process ends and starts again: what is in memory is gone, and the source delivers what was not acknowledged. */
export interface CrashStep {
  readonly do: 'crash'
  /** Ends one builder alone, where each aggregator has a process of its own. */
  readonly builder?: number
  /** Stops the `Capture` first, where there is one. */
  readonly gently?: boolean
}

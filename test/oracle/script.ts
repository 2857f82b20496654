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
}

export interface ScriptColumn {
  readonly name: string
  readonly type: string
}

export interface Setup {
  readonly set: 'memory' | 'plain' | 'ioredis' | 'node-redis'
  readonly aggregators: 'one' | 'handler and builder' | 'handler and two builders'
  /** What `scheduleBuildObjects` does: absent, calls nothing, or calls `build` at the next step. */
  readonly schedule: 'at once' | 'never' | 'later'
  readonly batchSize: number
  /** `full`: the replica is a copy from before the first event. `empty`: the prepared rows come as events too. */
  readonly replica: 'full' | 'empty'
}

export type Step = TransactionStep | DeliverStep | BuildStep | RedeliverStep | HoldStep | FailStep | CrashStep

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

/** The process ends and starts again: what is in memory is gone, and the source delivers what was not acknowledged. */
export interface CrashStep {
  readonly do: 'crash'
}

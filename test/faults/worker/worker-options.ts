import type { HealthState } from 'pg-capture'

/** What a worker gets as its first argument, as JSON. */
export interface WorkerOptions {
  /** `both`: events and builds in one process, as with a set in memory. */
  readonly role: 'handler' | 'builder' | 'both'
  /** Of this start of this worker. */
  readonly name: string
  readonly set: 'ioredis' | 'node-redis' | 'postgres' | 'memory'
  /** Whether a Capture takes the events, or the worker does by `handleEvents`. */
  readonly delivery: 'capture' | 'by hand'
  readonly urls: {
    /** For look-ups and builds. */
    readonly database: string
    readonly replication: string
    readonly replica: string
    /** Of the PostgresSet. */
    readonly set: string
    readonly redis: string
    readonly rabbitmq: string
  }
  /** Names slot and publication, and begins the names of keys and queues. */
  readonly scope: string
  readonly notebook: string
  readonly seed: number
  readonly leaseMs: number
  /** Breaks the path on purpose, to see whether it is noticed. */
  readonly sabotage?: Sabotage | undefined
}

/** Confirms what it has not handled; lets others claim what it builds. */
export const sabotages = ['acknowledges early', 'holds nothing'] as const
export type Sabotage = (typeof sabotages)[number]

/** What a worker is told while it runs. */
export type Instruction =
  | { readonly type: 'order'; readonly order: import('./points.ts').Order }
  /** Date.now() is so far off from here on. */
  | { readonly type: 'clock'; readonly ms: number }
  /** The next chunks are delivered more than once. */
  | { readonly type: 'duplicate'; readonly chunks: number }
  /** The next chunks are handled in pieces, in another order. */
  | { readonly type: 'reorder'; readonly chunks: number }
  | { readonly type: 'tell'; readonly about: 'health' | 'parked' }
  /** Parked objects are tried once more. */
  | { readonly type: 'retry parked' }

/** What a worker says. */
export type Message =
  | { readonly type: 'ready' }
  /** An order is known; what comes by its point from now on meets it. */
  | { readonly type: 'given' }
  /** An order, or an instruction that takes its time, is carried out. */
  | { readonly type: 'done' }
  | { readonly type: 'health'; readonly state: HealthState; readonly reasons: readonly string[] }
  /** Such as `book 7`. */
  | { readonly type: 'parked'; readonly objects: readonly string[] }

/** The exit code of a worker that a CaptureError has ended. */
export const ENDED_BY_ERROR = 3

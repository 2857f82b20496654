import { builderPoints, handlerPoints, type Point } from './worker/points.ts'
import type { WorkerOptions } from './worker/worker-options.ts'

const aroundHandler = [
  'handler killed at any moment',
  'handler stopped and continued',
  'clock of the handler jumps',
  'walsender terminated',
  'stream cut in the middle',
  'events delivered again',
  'batches reordered',
] as const

const aroundBuilder = [
  'builder killed at any moment',
  'builder stopped past its lease',
  'builder stopped in onChange past its lease',
  'clock of the builder jumps',
  'onChange throws',
  'onChange hangs past the lease',
  'onChange blocks its process past the lease',
] as const

const aroundServers = [
  'Postgres restarted',
  'query cut in the middle',
  'Redis restarted',
  'Redis unreachable, then there again',
  'Redis unreachable, then reset',
  'RabbitMQ restarted',
] as const

/** With these every round ends, when all else is over. */
const lastFaults = [
  'a server is out of reach until health tells',
  'objects that onChange never takes',
] as const

export type FaultKind =
  | (typeof lastFaults)[number]
  | `kill -9 ${Point}`
  | (typeof aroundHandler)[number]
  | (typeof aroundBuilder)[number]
  | (typeof aroundServers)[number]

/** What a fault happens to. Faults of different targets may happen at the same time. */
export const targets = ['handler', 'builder', 'server'] as const
export type Target = (typeof targets)[number]

/** What runs, and how. */
export interface Configuration {
  readonly set: WorkerOptions['set']
  readonly delivery: WorkerOptions['delivery']
  /** Where the table of a PostgresSet lies. */
  readonly setIn: 'captured database' | 'other database'
}

export interface Fault {
  readonly kind: FaultKind
  readonly target: Target
  /** At which passing of a point it happens, from 1. */
  readonly after: number
  /** From 0 to 1: how long, how much, which one. */
  readonly part: number
}

const kill = <Name extends Point>(point: Name): `kill -9 ${Name}` => `kill -9 ${point}`

export const faultsOf: Readonly<Record<Target, readonly FaultKind[]>> = {
  handler: [...handlerPoints.map(kill), ...aroundHandler],
  builder: [...builderPoints.map(kill), ...aroundBuilder],
  server: aroundServers,
}

export const faultKinds: readonly FaultKind[] = [
  ...targets.flatMap((target) => faultsOf[target]),
  ...lastFaults,
]

/** Whether a fault can happen there. */
export function fits(kind: FaultKind, { set, delivery }: Configuration): boolean {
  if (kind.startsWith('Redis') || kind.startsWith('RabbitMQ'))
    return set === 'ioredis' || set === 'node-redis'
  // One process builds what it takes by itself.
  if (kind.endsWith('schedule request')) return set !== 'memory'
  if (kind === 'batches reordered') return delivery === 'by hand'
  return true
}

/** The point of a kind that kills at one. */
export function pointOf(kind: FaultKind): Point | undefined {
  return [...handlerPoints, ...builderPoints].find((point) => kind === kill(point))
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { shopRows } from './bookshop.ts'
import type { Fault } from './fault.ts'
import { inject, type Scene, tellUntilDone } from './inject.ts'
import { type Difference, judgeEmissions } from './judge.ts'
import type { RoundPlan } from './plan.ts'
import { showOutage } from './outage.ts'
import { changeAll, healObjects, poisonObjects, untilOthersConverge, untilParked } from './poison.ts'
import { Post } from './post.ts'
import { untilQuiet } from './quiet.ts'
import { Shop } from './shop.ts'
import type { Stage } from './stage.ts'
import type { Tally } from './tally.ts'
import { type Note, readNotes } from './worker/notebook.ts'
import type { Sabotage, WorkerOptions } from './worker/worker-options.ts'
import { WriteLoad } from './write-load.ts'

/** Short, so that what a dead builder held comes back soon. */
const LEASE_MS = 1_500
/** From the end of all faults and writes on. */
const PATIENCE_MS = 120_000

export interface RoundContext {
  readonly tally: Tally
  /** Is told each fault as it has happened. */
  readonly say: (line: string) => void
  readonly sabotage?: Sabotage | undefined
}

/** One configuration under load and faults, until it is quiet; then it is judged. */
export class Round {
  readonly #stage: Stage
  readonly #plan: RoundPlan
  readonly #context: RoundContext
  readonly #tally: Tally
  readonly #shop: Shop
  readonly #problems: string[] = []
  readonly #posts: Post[] = []
  readonly #notebooks: string[] = []

  private constructor(stage: Stage, plan: RoundPlan, context: RoundContext, shop: Shop) {
    this.#stage = stage
    this.#plan = plan
    this.#context = context
    this.#tally = context.tally
    this.#shop = shop
  }

  /** Runs a round and returns what was wrong: nothing, if all is well. */
  static async run(stage: Stage, plan: RoundPlan, context: RoundContext): Promise<string[]> {
    const shop = await Shop.open(stage.urls, `faults_${process.pid}_${plan.number}`)
    const round = new Round(stage, plan, context, shop)
    try {
      await round.#run()
    } catch (error) {
      round.#problems.push(toError(error).stack ?? '')
    } finally {
      stage.ways.redis.release()
      await Promise.all(round.#posts.map((post) => post.close()))
      await shop.close()
    }
    return round.#problems
  }

  async #run(): Promise<void> {
    const { configuration, steps, seed } = this.#plan
    const handler = this.#post(configuration.set === 'memory' ? 'both' : 'handler', 'handler')
    const startedAt = performance.now()
    await handler.working()
    this.#context.say(`  handler: ${secondsSince(startedAt)}`)
    await this.#shop.admin.query(shopRows)
    const isAlone = configuration.set === 'memory'
    const builders = isAlone
      ? [handler]
      : [this.#post('builder', 'builder 1'), this.#post('builder', 'builder 2')]
    const { admin, scope } = this.#shop
    const scene: Scene = { stage: this.#stage, handler, builders, admin, scope, leaseMs: LEASE_MS }

    const load = new WriteLoad(this.#shop.url, seed)
    try {
      for (const step of steps) await this.#step(step, scene)
    } finally {
      await load.stop()
      this.#tally.add(load.counts)
    }
    await this.#untilQuiet()
    await this.#outage(scene)
    await this.#poison(scene)
    await this.#stopWell()
    await this.#judge()
  }

  async #step(faults: readonly Fault[], scene: Scene): Promise<void> {
    // What is meant for one process comes one after the other.
    const isAlone = scene.builders.includes(scene.handler)
    const groups = isAlone
      ? [
          faults.filter(({ target }) => target !== 'server'),
          faults.filter(({ target }) => target === 'server'),
        ]
      : faults.map((fault) => [fault])
    const results = await Promise.allSettled(
      groups.map(async (group) => {
        for (const fault of group) {
          const startedAt = performance.now()
          await inject(fault, scene)
          this.#tally.fault(fault.kind)
          this.#context.say(`  ${fault.kind}: ${secondsSince(startedAt)}`)
        }
      }),
    )
    for (const result of results) if (result.status === 'rejected') throw toError(result.reason)
    await sleep(100)
  }

  /** What is out of reach shows, and when it is back all is well. */
  async #outage({ builders, stage }: Scene): Promise<void> {
    const { set } = this.#plan.configuration
    const way = set === 'ioredis' || set === 'node-redis' ? stage.ways.redis : stage.ways.queries
    const startedAt = performance.now()
    for (const builder of new Set(builders)) await showOutage(this.#shop, way, builder, PATIENCE_MS)
    this.#tally.fault('a server is out of reach until health tells')
    this.#context.say(`  a server is out of reach until health tells: ${secondsSince(startedAt)}`)
    await this.#untilQuiet()
  }

  /** What can't be taken is told and parked, and holds up nothing else; when it can be taken and is tried again, it comes. */
  async #poison({ builders: [builder] }: Scene): Promise<void> {
    if (builder === undefined) throw new Error('There is no builder.')
    const startedAt = performance.now()
    const poisoned = await poisonObjects(this.#shop)
    // Twice, so that they stand in the way of what comes later too.
    for (let wave = 1; wave <= 2; wave += 1) {
      await changeAll(this.#shop)
      const others = await untilOthersConverge(this.#shop, poisoned, PATIENCE_MS)
      if (others.length === 0) continue
      throw new Error(`Objects that can't be taken hold up others:\n    ${others.map(lineOf).join('\n    ')}`)
    }
    await untilParked(this.#shop, builder, poisoned, PATIENCE_MS)
    if (!this.#failures().some((failure) => failure.includes('OBJECTS_PARKED'))) {
      throw new Error('Nobody was told of objects that are parked.')
    }
    this.#tally.fault('objects that onChange never takes')
    this.#context.say(`  objects that onChange never takes: ${secondsSince(startedAt)}`)
    await healObjects(this.#shop)
    await tellUntilDone(builder, { type: 'retry parked' })
    await this.#untilQuiet()
  }

  async #untilQuiet(): Promise<void> {
    const startedAt = performance.now()
    const standstill = await untilQuiet(this.#shop, this.#plan.configuration, PATIENCE_MS)
    this.#context.say(`  quiet: ${secondsSince(startedAt)}`)
    if (standstill === undefined) return
    const { waiting, different } = standstill
    this.#tally.add({ lost: different.length })
    const lines = [
      waiting.length === 0
        ? 'Lost: nothing waits anywhere, and yet the replica differs from the tables.'
        : `No quiet within ${PATIENCE_MS / 1_000} seconds after the last write and fault. What waits, and where:`,
      ...waiting,
      ...different.slice(0, 20).map(lineOf),
      ...this.#posts.map(
        ({ current }) => `${current.options.name} ${current.isRunning ? 'runs' : 'does not run'}`,
      ),
      'The last failures of the workers:',
      ...this.#failures().slice(-10),
    ]
    throw new Error(lines.join('\n    '))
  }

  async #stopWell(): Promise<void> {
    const exits = await Promise.all(this.#posts.map((post) => post.stop()))
    exits.forEach(({ code, signal }, index) => {
      if (code !== 0)
        this.#problems.push(`worker ${index + 1} did not stop well (${signal ?? `exit code ${code}`}).`)
    })
    this.#tally.add({ 'worker starts': this.#posts.reduce((sum, post) => sum + post.starts, 0) })
  }

  async #judge(): Promise<void> {
    this.#problems.push(...this.#tally.notes(this.#notes()))
    const { backwards, ...emissions } = await judgeEmissions(this.#shop.replica)
    this.#tally.add({ ...emissions, backwards: backwards.length })
    this.#problems.push(...backwards.slice(0, 20))
  }

  #failures(): string[] {
    return this.#notes().flatMap((note) => ('failure' in note ? [JSON.stringify(note.failure)] : []))
  }

  #notes(): Note[] {
    return this.#notebooks.filter(existsSync).flatMap(readNotes)
  }

  #post(role: WorkerOptions['role'], name: string): Post {
    const { configuration, seed } = this.#plan
    const { ways, bundle, rabbitmq, redis } = this.#stage
    const { url, replicaUrl, scope } = this.#shop
    const notebook = join(bundle.directory, `${scope} ${name}`)
    this.#notebooks.push(notebook)
    const options = (start: number): WorkerOptions => ({
      role,
      name: `${name}, start ${start}`,
      set: configuration.set,
      delivery: configuration.delivery,
      urls: {
        database: ways.queries.through(url),
        replication: ways.replication.through(url),
        replica: replicaUrl,
        set: ways.queries.through(configuration.setIn === 'captured database' ? url : replicaUrl),
        redis: ways.redis.through(redis.url),
        rabbitmq: rabbitmq.url,
      },
      scope,
      notebook,
      seed: seed + start,
      leaseMs: LEASE_MS,
      sabotage: this.#context.sabotage,
    })
    const onProblem = (problem: string): void => void this.#problems.push(problem)
    const post = new Post({ program: bundle.program, options, onProblem })
    this.#posts.push(post)
    return post
  }
}

function secondsSince(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

function lineOf({ object, is, should }: Difference): string {
  return `${object} is ${is}, it should be ${should}`
}

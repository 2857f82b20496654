import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ProgramBundle } from '../support/program-bundle.ts'
import { testRabbitmq } from '../support/rabbitmq.ts'
import { testRedis } from '../support/redis.ts'
import { serviceTimeout, serviceUrl } from '../support/service-url.ts'
import { shopRows } from './bookshop.ts'
import type { Configuration } from './fault.ts'
import { judgeEmissions } from './judge.ts'
import { type Standstill, untilQuiet } from './quiet.ts'
import { Shop } from './shop.ts'
import { Tally } from './tally.ts'
import { WorkerProcess, workerProgram } from './worker-process.ts'
import { type Note, readNotes } from './worker/notebook.ts'
import { builderPoints, handlerPoints, type Point } from './worker/points.ts'
import type { Sabotage, WorkerOptions } from './worker/worker-options.ts'

const redis = testRedis()
const rabbitmq = testRabbitmq()
const patience = 120_000
let bundle: ProgramBundle
let postgres = ''

beforeAll(async () => {
  bundle = await ProgramBundle.build(workerProgram)
  postgres = await serviceUrl('postgres')
}, serviceTimeout)

afterAll(() => bundle.remove())

/** The processes of one configuration, without proxies and without anybody who starts them again. */
class Workshop {
  readonly shop: Shop
  readonly #configuration: Configuration
  readonly #workers = new Map<WorkerOptions['role'], WorkerProcess>()
  readonly #notebooks = new Set<string>()
  #sabotage: Sabotage | undefined

  private constructor(shop: Shop, configuration: Configuration) {
    this.shop = shop
    this.#configuration = configuration
  }

  static async open(set: Configuration['set']): Promise<Workshop> {
    const scope = `faults_${process.pid}_${randomBytes(4).toString('hex')}`
    const shop = await Shop.open({ postgres, redis: redis.url, rabbitmq: rabbitmq.url }, scope)
    const workshop = new Workshop(shop, { set, delivery: 'capture', setIn: 'captured database' })
    await workshop.start()
    await shop.admin.query(shopRows)
    expect(await workshop.quiet()).toBeUndefined()
    return workshop
  }

  /** Starts what does not run. */
  async start(sabotage?: Sabotage): Promise<void> {
    this.#sabotage = sabotage
    for (const role of this.#roles()) {
      if (this.#workers.get(role)?.isRunning !== true) this.#workers.set(role, this.#newWorker(role))
      await this.#workers.get(role)?.ready()
    }
  }

  /** The one that comes by the point. */
  at(point: Point): WorkerProcess {
    const role = this.#roles().find((one) => one === 'both' || (one === 'handler') === isOfHandler(point))
    return this.#workers.get(role!)!
  }

  quiet(): Promise<Standstill | undefined> {
    return untilQuiet(this.shop, this.#configuration, 60_000)
  }

  /** Resolves when the server has been told that all up to now is safe. */
  async confirmed(): Promise<void> {
    const { admin, scope } = this.shop
    const now = await admin.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn')
    const sql = `SELECT FROM pg_replication_slots WHERE slot_name = $1 AND confirmed_flush_lsn >= $2::pg_lsn`
    while ((await admin.query(sql, [scope, now.rows[0]?.lsn])).rowCount === 0) await sleep(20)
  }

  /** What all workers so far have written down. */
  notes(): Note[] {
    return [...this.#notebooks].flatMap(readNotes)
  }

  printed(): string {
    return [...this.#workers.values()].map(({ output }) => output).join('')
  }

  async close(): Promise<void> {
    for (const worker of this.#workers.values()) worker.signal('SIGKILL')
    await Promise.all([...this.#workers.values()].map(({ exit }) => exit))
    await this.shop.close()
  }

  #roles(): WorkerOptions['role'][] {
    return this.#configuration.set === 'memory' ? ['both'] : ['handler', 'builder']
  }

  #newWorker(role: WorkerOptions['role']): WorkerProcess {
    const { scope, url, replicaUrl, servers } = this.shop
    const urls = {
      database: url,
      replication: url,
      set: url,
      replica: replicaUrl,
      redis: servers.redis,
      rabbitmq: servers.rabbitmq,
    }
    const notebook = join(bundle.directory, `${scope} ${role}`)
    this.#notebooks.add(notebook)
    const fixed = { ...this.#configuration, name: role, seed: 1, leaseMs: 500, sabotage: this.#sabotage }
    return new WorkerProcess(bundle.program, { ...fixed, role, urls, scope, notebook })
  }
}

function isOfHandler(point: Point): boolean {
  return handlerPoints.some((one) => one === point)
}

/** Changes objects of both kinds, directly and through others, and needs a look-up. */
const transaction = `
  BEGIN;
  UPDATE author SET name = name || '.' WHERE id = 1;
  UPDATE book SET author_id = 1 + author_id % 20 WHERE id = 7;
  DELETE FROM review WHERE id % 40 = extract(second FROM clock_timestamp())::int % 40;
  UPDATE review SET book_id = 1 + book_id % 80 WHERE id % 10 = 3;
  INSERT INTO book SELECT max(id) + 1, 'New', 1 FROM book;
  COMMIT`

const cases: { readonly set: Configuration['set']; readonly points: readonly Point[] }[] = [
  { set: 'ioredis', points: [...handlerPoints, ...builderPoints] },
  {
    set: 'memory',
    points: [...handlerPoints, ...builderPoints].filter((point) => !point.endsWith('schedule request')),
  },
]

describe.each(cases)('kill -9 at every step loses nothing: $set', ({ set, points }) => {
  let workshop: Workshop

  beforeAll(async () => {
    workshop = await Workshop.open(set)
  }, patience)

  afterAll(() => workshop.close(), patience)

  test.each(points)(
    '%s',
    async (point) => {
      await workshop.start()
      const worker = workshop.at(point)
      await worker.order({ point, after: 1, action: 'kill', ms: 0 })
      await workshop.shop.admin.query(transaction)
      expect(await worker.exit).toEqual({ code: null, signal: 'SIGKILL' })
      await workshop.start()
      expect(await workshop.quiet()).toBeUndefined()
    },
    patience,
  )

  test('nothing has gone backwards, and whatever was told has a code', async () => {
    const { objects, backwards } = await judgeEmissions(workshop.shop.replica)
    expect(objects).toBeGreaterThan(points.length)
    expect(backwards).toEqual([])
    expect(new Tally().notes(workshop.notes())).toEqual([])
    expect(workshop.printed()).toBe('')
  })
})

test('it would be noticed: a position that is acknowledged too early loses what it covers', async () => {
  const workshop = await Workshop.open('memory')
  try {
    const point = 'after source chunk'
    workshop.at(point).signal('SIGKILL')
    await workshop.at(point).exit
    await workshop.start('acknowledges early')
    const worker = workshop.at(point)
    await worker.order({ point, after: 1, action: 'hang', ms: 1_000_000 })
    await workshop.shop.admin.query(transaction)
    await workshop.confirmed()
    worker.signal('SIGKILL')
    await worker.exit
    await workshop.start()
    const standstill = await workshop.quiet()
    expect(standstill).toMatchObject({ waiting: [] })
    expect(standstill?.different.length).toBeGreaterThan(0)
  } finally {
    await workshop.close()
  }
}, 120_000)

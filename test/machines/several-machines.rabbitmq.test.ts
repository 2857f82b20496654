import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { rootSchemas, shopRows, shopSetup } from '../faults/bookshop.ts'
import { differences } from '../faults/judge.ts'
import { WriteLoad } from '../faults/write-load.ts'
import { testDatabase } from '../support/postgres.ts'
import { ProgramBundle } from '../support/program-bundle.ts'
import { testRabbitmq } from '../support/rabbitmq.ts'
import { testRedis } from '../support/redis.ts'
import { Fleet, type Machine } from './fleet.ts'

// Handlers and builders as processes of their own over a real Postgres, Redis and RabbitMQ, killed and started anew under
// writes. The builders append what they emit to a log as it is, so the log shows whether an object ever went backwards.

const database = testDatabase({
  per: 'test',
  setup: `${shopSetup};
    CREATE TABLE emission (at bigserial PRIMARY KEY, builder text, version numeric, kind text, id text, object json);
    CREATE INDEX ON emission (kind, id, at);
    CREATE VIEW object AS SELECT DISTINCT ON (kind, id) kind, id, object FROM emission ORDER BY kind, id, at DESC`,
})
const redis = testRedis()
const rabbitmq = testRabbitmq()
const patience = { timeout: 60_000, interval: 50 }
let program: ProgramBundle
let count = 0
let cleanUp: () => Promise<void> = async () => undefined

beforeAll(async () => {
  program = await ProgramBundle.build(new URL('main.ts', import.meta.url))
})
afterAll(() => program.remove())
// Registered after the hook of the database, so it runs before that.
afterEach(() => cleanUp(), 60_000)

/** Slots on which nothing gets lost from now on, and the processes of a test. */
async function surroundings(slotCount: number) {
  const name = `machines_${process.pid}_${(count += 1)}`
  const places = Object.fromEntries(
    rootSchemas.map(({ table }) => [
      table,
      { key: `${redis.prefix}${name}:${table}`, queue: rabbitmq.queue(`${name}.${table}`) },
    ]),
  )
  const { url: redisUrl } = redis
  const { url: rabbitmqUrl } = rabbitmq
  const fleet = new Fleet(program.program, { databaseUrl: database.url, redisUrl, rabbitmqUrl, places })
  const slots = Array.from({ length: slotCount }, (_, index) => `${name}_${index}`)
  const loads: WriteLoad[] = []
  const client = await redis.nodeRedis()

  async function stopWriters(): Promise<number> {
    await Promise.all(loads.map((load) => load.stop()))
    return loads.reduce((sum, { counts }) => sum + counts.committed, 0)
  }

  cleanUp = async () => {
    await stopWriters()
    await fleet.killAll()
    for (const slot of slots) await dropSlot(slot)
  }
  return {
    fleet,
    slots,
    startBuilders: () => Array.from({ length: 4 }, () => fleet.builder()),
    async startWriters() {
      await database.query(shopRows)
      loads.push(new WriteLoad(database.url, 1), new WriteLoad(database.url, 101))
    },
    stopWriters,
    /** How many ids wait, or are in the hands of a builder. */
    async unfinished(): Promise<number> {
      const sizes = Object.values(places).flatMap(({ key }) => [
        client.sCard(key),
        client.zCard(`{${key}}:flights`),
      ])
      return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
    },
  }
}

/** The server may not have noticed yet that the slot's process is gone. */
async function dropSlot(slot: string): Promise<void> {
  const drop = 'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1'
  await expect
    .poll(() => database.query(drop, [slot]).then(() => 'dropped', String), patience)
    .toBe('dropped')
}

/** Makes a change that nobody else touches, and waits until it has come out at the other end. */
async function changeGetsThrough(): Promise<void> {
  const id = 1_000 + (count += 1)
  await database.query('INSERT INTO author VALUES ($1)', [id])
  const emitted = `SELECT FROM object WHERE kind = 'author' AND id = $1::text`
  await expect.poll(async () => (await database.rows(emitted, [id])).length, patience).toBe(1)
}

/** Kills all of them, in the middle of an emission of one. */
async function killWhileEmitting(machines: readonly Machine[]): Promise<void> {
  await Promise.any(machines.map((machine) => machine.says('emitting')))
  await Promise.all(machines.map((machine) => machine.kill()))
}

async function expectReplicaEqual(unfinished: () => Promise<number>): Promise<void> {
  const pool = database.pool()
  await expect.poll(() => differences({ admin: pool, replica: pool }), patience).toEqual([])
  await expect.poll(unfinished, patience).toBe(0)
  expect(await differences({ admin: pool, replica: pool })).toEqual([])
}

async function expectNothingWentBackwards(): Promise<void> {
  const backwards = `
    WITH followed AS (
      SELECT *, lag(version) OVER (PARTITION BY kind, id ORDER BY at) AS before FROM emission
    )
    SELECT builder, kind, id, version, before FROM followed WHERE version < before`
  expect(await database.rows(backwards)).toEqual([])
}

test('two slots feed one set, and four builders empty it, while any of them dies', async () => {
  const { fleet, slots, startBuilders, startWriters, stopWriters, unfinished } = await surroundings(2)
  const [firstSlot, secondSlot] = slots as [string, string]
  let first = fleet.handler(firstSlot)
  const second = fleet.handler(secondSlot)
  let builders = startBuilders()
  await Promise.all([first, second].map((handler) => handler.says('streaming')))
  await startWriters()
  await changeGetsThrough()

  // A builder dies, and another one comes.
  await killWhileEmitting(builders.slice(0, 1))
  builders = [...builders.slice(1), fleet.builder()]
  await changeGetsThrough()

  // A handler dies: the other slot brings the changes meanwhile. When it is back, it brings them once more.
  await first.kill()
  await changeGetsThrough()
  first = fleet.handler(firstSlot)
  await first.says('streaming')

  // All builders die at once, with ids in their hands. Others come.
  await killWhileEmitting(builders)
  expect(await unfinished()).toBeGreaterThan(0)
  startBuilders()
  await changeGetsThrough()

  // The other handler dies for good.
  await second.kill()
  await changeGetsThrough()

  expect(await stopWriters()).toBeGreaterThan(20)
  await expectReplicaEqual(unfinished)
  await expectNothingWentBackwards()
  expect(fleet.complaints).toBe('')
}, 240_000)

test('a handler stands by and takes the slot over when the one that has it dies', async () => {
  const { fleet, slots, startBuilders, startWriters, stopWriters, unfinished } = await surroundings(1)
  const [slot] = slots as [string]
  const first = fleet.handler(slot)
  await first.says('streaming')
  const second = fleet.handler(slot)
  const builders = startBuilders()
  await startWriters()
  await second.says('standing by')
  await changeGetsThrough()

  const takenOver = second.says('streaming')
  await first.kill()
  await takenOver
  await changeGetsThrough()

  const third = fleet.handler(slot)
  await Promise.all([third.says('standing by'), killWhileEmitting(builders.slice(0, 3))])
  fleet.builder()
  const takenOverAgain = third.says('streaming')
  await second.kill()
  await takenOverAgain
  await changeGetsThrough()

  expect(await stopWriters()).toBeGreaterThan(20)
  await expectReplicaEqual(unfinished)
  await expectNothingWentBackwards()
  expect(fleet.complaints).toBe('')
}, 240_000)

test('a handler that stands still loses its slot to the one that stands by, and stands by when it wakes up', async () => {
  const { fleet, slots, startBuilders, startWriters, stopWriters, unfinished } = await surroundings(1)
  const [slot] = slots as [string]
  // The server gives up a handler that it has not heard of for so long.
  await database.query(`ALTER DATABASE ${database.name} SET wal_sender_timeout = '3s'`)
  const first = fleet.handler(slot)
  await first.says('streaming')
  const second = fleet.handler(slot)
  startBuilders()
  await startWriters()
  await second.says('standing by')

  const takenOver = second.says('streaming')
  first.pause()
  await takenOver
  await changeGetsThrough()
  const isBack = first.says('standing by')
  first.resume()
  await isBack
  await changeGetsThrough()

  expect(await stopWriters()).toBeGreaterThan(20)
  await expectReplicaEqual(unfinished)
  await expectNothingWentBackwards()
}, 240_000)

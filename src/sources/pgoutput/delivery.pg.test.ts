import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { EventChunk } from '../../core/capture/source.ts'
import type { WALEvent } from '../../core/events/wal-event.ts'
import { captures } from '../../../test/support/captures.ts'
import { testDatabase } from '../../../test/support/postgres.ts'
import { parseLsn, PgoutputSource } from './pgoutput-source.ts'

const database = testDatabase({ setup: 'create table other (id int)' })
const capture = captures(database)

const ids = (chunks: readonly EventChunk[]): unknown[] =>
  chunks.flatMap((chunk) => chunk.events.map((event) => Number(event.data?.['id'])))

async function newTable(name: string): Promise<{ table: string; oldColumns: string[] }[]> {
  await database.query(`create table ${name} (id int primary key)`)
  return [{ table: name, oldColumns: ['id'] }]
}

async function confirmed(): Promise<bigint> {
  const [slot] = await database.rows<{ lsn: string }>(
    'select confirmed_flush_lsn::text as lsn from pg_replication_slots where slot_name = $1',
    [capture.name()],
  )
  return parseLsn(slot?.lsn ?? '')
}

/** Where the record of its commit starts, or just behind. */
function commitOf(event: WALEvent | undefined): bigint {
  return parseLsn(event?.lsn ?? '')
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('Waited 15 seconds.')
    await sleep(20)
  }
}

describe('chunks', () => {
  test('a waiting consumer gets a transaction at its commit, whole', async () => {
    const running = await capture.start(await newTable('whole'))
    const client = await database.client()
    await client.query('begin; insert into whole values (1); insert into whole values (2)')
    await sleep(300)
    expect(running.chunks).toEqual([])
    await client.query('commit')
    await running.untilEvents(2)
    expect(running.chunks.length).toBe(1)
  })

  test('small transactions share a chunk while the consumer is busy', async () => {
    let release = (): void => {}
    const busy = new Promise<void>((resolve) => {
      release = resolve
    })
    const running = await capture.start(await newTable('shared'), { onChunk: () => busy })
    for (let id = 1; id <= 20; id++) await database.query('insert into shared values ($1)', [id])
    await sleep(200)
    release()
    await running.untilEvents(20)
    expect(running.chunks.length).toBe(2)
    expect(ids(running.chunks)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
  })

  test('a transaction of 50,000 rows comes in parts, only the last of which can be acknowledged', async () => {
    const running = await capture.start(await newTable('large'), { chunkRows: 1_000 })
    await database.query('insert into large select generate_series(1, 50000)')
    await running.untilEvents(50_000)
    expect(ids(running.chunks)).toEqual(Array.from({ length: 50_000 }, (_, index) => index + 1))
    expect(running.chunks.length).toBeGreaterThan(20)
    // A socket delivers up to 64 KiB at once, which is not broken off.
    for (const chunk of running.chunks) expect(chunk.events.length).toBeLessThan(4_000)
    const acknowledgeable = running.chunks.map((chunk) => chunk.acknowledge !== undefined)
    expect(acknowledgeable).toEqual([...running.chunks.slice(1).map(() => false), true])
  })

  test('rows of any size are limited by bytes', async () => {
    await database.query('create table wide (id int primary key, body text)')
    const running = await capture.start([{ table: 'wide', oldColumns: ['id'] }], { highWaterBytes: 200_000 })
    await database.query(`insert into wide select g, repeat('x', 100000) from generate_series(1, 50) g`)
    await running.untilEvents(50)
    for (const chunk of running.chunks) expect(chunk.events.length).toBeLessThan(6)
  })

  test('a limit of one row is a limit', async () => {
    const running = await capture.start(await newTable('single'), { chunkRows: 1, highWaterBytes: 1 })
    await database.query('insert into single select generate_series(1, 100)')
    await database.query('insert into single values (101)')
    await running.untilEvents(101)
    expect(ids(running.chunks)).toEqual(Array.from({ length: 101 }, (_, index) => index + 1))
  })

  test('while nobody pulls, little is read and the server waits', async () => {
    let release = (): void => {}
    const stalled = new Promise<void>((resolve) => {
      release = resolve
    })
    await database.query('create table stalled (id int primary key, body text)')
    const running = await capture.start([{ table: 'stalled', oldColumns: ['id'] }], {
      chunkRows: 500,
      onChunk: () => stalled,
    })
    await database.query(`insert into stalled values (0, '')`)
    await running.until(() => running.chunks.length === 1)
    await database.query(`insert into stalled select g, repeat('x', 1000) from generate_series(1, 100000) g`)
    await sleep(1_000)
    const [sender] = await database.rows(
      `select wait_event from pg_stat_activity a join pg_replication_slots s on s.active_pid = a.pid where slot_name = $1`,
      [capture.name()],
    )
    expect(sender).toEqual({ wait_event: 'WalSenderWriteData' })
    expect(running.chunks.length).toBe(1)
    release()
    await running.untilEvents(100_001)
  })
})

describe('acknowledgement', () => {
  test('what was not acknowledged comes again after a restart, from its start', async () => {
    const tables = await newTable('again')
    const first = await capture.start(tables, { acknowledge: false })
    await database.query('insert into again values (1); insert into again values (2)')
    await database.query('insert into again values (3)')
    await first.untilEvents(3)
    await first.source.stop()
    await first.ended
    const second = await capture.start(tables)
    await second.untilEvents(3)
    expect(ids(second.chunks)).toEqual([1, 2, 3])
  })

  test('what was acknowledged does not', async () => {
    const tables = await newTable('once')
    const first = await capture.start(tables)
    await database.query('insert into once values (1)')
    await first.untilEvents(1)
    await first.source.stop()
    await database.query('insert into once values (2)')
    const second = await capture.start(tables)
    await second.untilEvents(1)
    expect(ids(second.chunks)).toEqual([2])
  })

  test('a later one does not confirm an earlier one', async () => {
    const tables = await newTable('order_of')
    const first = await capture.start(tables, { acknowledge: false })
    for (const id of [1, 2, 3]) {
      await database.query('insert into order_of values ($1)', [id])
      await first.untilEvents(id)
    }
    const [one, two, three] = first.chunks
    three?.acknowledge?.()
    three?.acknowledge?.()
    two?.acknowledge?.()
    await sleep(200)
    // What others write to the server moves it on as far as the first commit.
    expect(await confirmed()).toBeLessThanOrEqual(commitOf(first.events[0]))
    one?.acknowledge?.()
    await until(async () => (await confirmed()) > commitOf(first.events[2]))
    await first.source.stop()
    await database.query('insert into order_of values (4)')
    const second = await capture.start(tables)
    await second.untilEvents(1)
    expect(ids(second.chunks)).toEqual([4])
  })

  test('the server is told of it as soon when the clock was set back meanwhile', async () => {
    const running = await capture.start(await newTable('clock'))
    await database.query('insert into clock values (1)')
    await running.untilEvents(1)
    const timers = vi.spyOn(globalThis, 'setTimeout')
    const real = Date.now
    const day = 86_400_000
    vi.spyOn(Date, 'now').mockImplementation(() => real() - day)
    onTestFinished(() => void vi.restoreAllMocks())
    await database.query('insert into clock values (2)')
    await running.untilEvents(2)
    const [end] = await database.rows<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn')
    await until(async () => (await confirmed()) >= parseLsn(end?.lsn ?? ''))
    expect(timers.mock.calls.filter(([, delay = 0]) => delay > day / 2)).toEqual([])
  })

  test('a part of a transaction confirms nothing', async () => {
    const tables = await newTable('parts_of')
    const first = await capture.start(tables, { chunkRows: 100 })
    await database.query('insert into parts_of values (0)')
    await first.untilEvents(1)
    await database.query('insert into parts_of select generate_series(1, 20000)')
    await first.until(() => first.events.length > 1_000)
    await first.source.stop()
    const seen = first.events.length
    expect(seen).toBeLessThan(20_001)
    const second = await capture.start(tables)
    await second.untilEvents(20_000)
    expect(ids(second.chunks)).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1))
  })

  test('writes elsewhere move the slot on while the captured tables are quiet', async () => {
    await capture.start(await newTable('quiet'))
    const before = await confirmed()
    for (let round = 0; round < 5; round++)
      await database.query('insert into other select generate_series(1, 1000)')
    const [now] = await database.rows<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn')
    await until(async () => (await confirmed()) >= parseLsn(now?.lsn ?? ''))
    expect(await confirmed()).toBeGreaterThan(before)
  })

  test('they do not move it past what waits for its acknowledgement', async () => {
    const tables = await newTable('held')
    const running = await capture.start(tables, { acknowledge: false })
    await database.query('insert into held values (1)')
    await running.untilEvents(1)
    for (let round = 0; round < 5; round++)
      await database.query('insert into other select generate_series(1, 1000)')
    await sleep(300)
    expect(await confirmed()).toBeLessThanOrEqual(commitOf(running.events[0]))
    running.chunks[0]?.acknowledge?.()
    const [now] = await database.rows<{ lsn: string }>('select pg_current_wal_lsn()::text as lsn')
    await until(async () => (await confirmed()) >= parseLsn(now?.lsn ?? ''))
  })

  test('an acknowledgement after the stop does nothing', async () => {
    const tables = await newTable('late')
    const first = await capture.start(tables, { acknowledge: false })
    await database.query('insert into late values (1)')
    await first.untilEvents(1)
    await first.source.stop()
    first.chunks[0]?.acknowledge?.()
    const second = await capture.start(tables)
    await second.untilEvents(1)
  })
})

describe('what is ready before the first pull', () => {
  test('after prepare no change is missed', async () => {
    const tables = await newTable('prepared')
    const source = capture.source()
    await source.prepare(tables)
    await source.prepare(tables)
    await database.query('insert into prepared values (1)')
    for await (const chunk of source.stream(tables)) {
      expect(ids([chunk])).toEqual([1])
      chunk.acknowledge?.()
      break
    }
  })

  test('a second stream of one source is refused', async () => {
    const tables = await newTable('twice')
    const running = await capture.start(tables)
    await expect(running.source.stream(tables).next()).rejects.toMatchObject({ code: 'CAPTURE_STATE' })
  })

  test('drop leaves neither slot nor publication', async () => {
    const running = await capture.start(await newTable('dropped'))
    await running.source.drop()
    expect(
      await database.rows(
        `select slot_name::text as name from pg_replication_slots where slot_name = $1
         union all select pubname::text from pg_publication where pubname = $1`,
        [capture.name()],
      ),
    ).toEqual([])
  })

  test('a temporary slot goes with its connection', async () => {
    const tables = await newTable('passing')
    const running = await capture.start(tables, { temporary: true })
    await database.query('insert into passing values (1)')
    await running.untilEvents(1)
    await running.source.stop()
    expect(
      await database.rows('select 1 from pg_replication_slots where slot_name = $1', [capture.name()]),
    ).toEqual([])
  })

  test('options are checked at once', () => {
    const wrong: [object, string][] = [
      [{ connection: '' }, 'connection'],
      [{ slot: 'Books' }, 'slot "Books"'],
      [{ slot: "x'; drop" }, 'slot'],
      [{ publication: '' }, 'publication'],
      [{ chunkRows: 0 }, 'chunkRows is 0'],
      [{ highWaterBytes: Number.NaN }, 'highWaterBytes is NaN'],
    ]
    for (const [options, text] of wrong) {
      expect(() => new PgoutputSource({ connection: database.url, ...options })).toThrow(text)
    }
  })
})

describe('the status of a source', () => {
  test('says how much is unconfirmed while it has a connection, and for how long it has had none', async () => {
    const tables = await newTable('watched')
    const name = capture.name()
    const source = new PgoutputSource({ connection: database.url, slot: name, publication: name })
    onTestFinished(() => source.drop())
    expect(source.status()).toEqual({ connected: false, disconnectedForMs: undefined })
    const chunks: EventChunk[] = []
    const reading = (async () => {
      for await (const chunk of source.stream(tables)) chunks.push(chunk)
    })()
    await until(() => source.status().connected)
    // Before the first confirmation it is not known how much is left.
    await database.query('insert into watched values (0)')
    await until(() => chunks.some(({ acknowledge }) => acknowledge !== undefined))
    for (const { acknowledge } of chunks.splice(0)) acknowledge?.()
    await until(() => source.status().unconfirmedBytes === 0)
    await database.query(`insert into watched select generate_series(1, 1000)`)
    await until(() => chunks.some(({ acknowledge }) => acknowledge !== undefined))
    // A thousand rows are more than a thousand bytes.
    expect(source.status().unconfirmedBytes).toBeGreaterThan(1_000)
    for (const { acknowledge } of chunks) acknowledge?.()
    await until(() => source.status().unconfirmedBytes === 0)
    await source.stop()
    await reading
    const { connected, disconnectedForMs } = source.status()
    expect(connected).toBe(false)
    expect(disconnectedForMs).toBeGreaterThanOrEqual(0)
  })

  test('knows of what an earlier process has left unconfirmed, also while nobody pulls', async () => {
    const tables = await newTable('left_behind')
    await capture.source().prepare(tables)
    await database.query(`insert into left_behind select generate_series(1, 10000)`)
    const source = capture.source()
    const stream = source.stream(tables)
    const pulled = stream.next()
    await until(() => source.status().connected)
    await pulled
    const { unconfirmedBytes } = source.status()
    const [lag] = await database.rows<{ bytes: string }>(
      `select (pg_current_wal_flush_lsn() - confirmed_flush_lsn)::text as bytes from pg_replication_slots where slot_name = $1`,
      [capture.name()],
    )
    // Ten thousand rows; not all the WAL that there ever was, and no more than the server keeps.
    expect(unconfirmedBytes).toBeGreaterThan(100_000)
    expect(unconfirmedBytes).toBeLessThanOrEqual(Number(lag?.bytes))
  })
})

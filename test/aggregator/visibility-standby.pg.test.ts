import type { WALEvent } from 'pg-capture'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../services/postgres.ts'
import { EventCollector } from '../support/event-collector.ts'
import { type CapturingTitles, capturingTitles, until } from './capturing-titles.ts'
import { library } from './library.ts'

// Events come from a primary, objects are read from a standby of its own that is made to lag.

let primary: PostgresServer
let standby: PostgresServer
let writer: pg.Client
let reader: pg.Client
let source: PgoutputSource
let changes: EventCollector

beforeAll(async () => {
  primary = await startPostgres()
  writer = await connect(primary)
  await writer.query(library)
  standby = await startPostgres({ standbyOf: primary })
  reader = await connect(standby)
  source = new PgoutputSource({ connection: primary.url, slot: 'changes' })
  const tables = [{ table: 'book', oldColumns: ['id'] }]
  await source.prepare(tables)
  changes = new EventCollector(source, tables)
}, 120_000)

afterAll(async () => {
  await source?.stop()
  await changes?.ended
  await Promise.all([writer, reader].map((client) => client?.end()))
  await standby?.stop()
  await primary?.stop()
}, 60_000)

afterEach(async () => {
  const { rows } = await reader.query('select pg_is_in_recovery() as follows')
  if (rows[0].follows) await reader.query('select pg_wal_replay_resume()')
})

async function connect(server: PostgresServer): Promise<pg.Client> {
  const client = new pg.Client(server.url)
  await client.connect()
  return client
}

/** Changes book 1 on the primary, which the standby does not replay; resolves to the event that comes out of the slot. */
async function retitleUnseen(title: string): Promise<WALEvent> {
  await reader.query('select pg_wal_replay_pause()')
  for (;;) {
    const { rows } = await reader.query('select pg_get_wal_replay_pause_state() as state')
    if (rows[0].state === 'paused') break
  }
  return retitle(title)
}

async function retitle(title: string): Promise<WALEvent> {
  await writer.query('update book set title = $1 where id = 1', [title])
  const found = (): WALEvent | undefined => changes.events.find(({ data }) => data?.['title'] === title)
  await changes.until(() => found() !== undefined)
  return found()!
}

type Options = Parameters<typeof capturingTitles>[1]

function capturing(options?: Options): CapturingTitles {
  return capturingTitles(reader, options)
}

describe('a client that reads from a standby', () => {
  test('waits until the commit of an event has been replayed', async () => {
    const event = await retitleUnseen('replayed later')
    expect(event).toMatchObject({ xid: expect.any(Number), lsn: expect.any(String) })
    const { aggregator, titles, looks } = capturing()
    let handled = false
    const handling = aggregator.handleEvent(event).then(() => {
      handled = true
    })
    await until(() => looks() >= 5)
    expect([handled, titles()]).toEqual([false, []])
    await reader.query('select pg_wal_replay_resume()')
    await handling
    expect(titles()).toEqual(['replayed later'])
  })

  test('gives up after visibilityTimeoutMs', async () => {
    const event = await retitleUnseen('never replayed')
    const { aggregator, titles } = capturing({ visibilityTimeoutMs: 100 })
    await expect(aggregator.handleEvent(event)).rejects.toMatchObject({ code: 'VISIBILITY_TIMEOUT' })
    expect(titles()).toEqual([])
  })

  test.each([
    ['nothing', (event: WALEvent): WALEvent => ({ ...event, xid: undefined, lsn: undefined })],
    ['its xid', (event: WALEvent): WALEvent => ({ ...event, lsn: undefined })],
  ])('refuses an event that tells %s of its transaction', async (told, without) => {
    const event = without(await retitleUnseen(`told by ${told}`))
    const { aggregator, titles } = capturing()
    await expect(aggregator.handleEvent(event)).rejects.toMatchObject({ code: 'VISIBILITY_UNKNOWABLE' })
    expect(titles()).toEqual([])
  })

  test('would miss the change where such an event passes by a delay that is shorter than the lag', async () => {
    const event = await retitleUnseen('missed')
    const { aggregator, titles } = capturing({ unpositionedEvents: { delayMs: 1 } })
    await aggregator.handleEvent({ ...event, lsn: undefined })
    expect(titles()).toHaveLength(1)
    expect(titles()).not.toContain('missed')
  })

  test('builds it right where the delay is longer than the lag', async () => {
    const event = await retitle('in time')
    // What is told of a transaction is enough here: the standby follows within the delay, or the wait lasts on.
    await capturing().aggregator.collect([event])
    const { aggregator, titles } = capturing({ unpositionedEvents: { delayMs: 1 } })
    await aggregator.handleEvent({ ...event, xid: undefined, lsn: undefined })
    expect(titles()).toEqual(['in time'])
  })

  test('is judged as a primary from the moment on that the standby becomes one', async () => {
    const event = await retitleUnseen('before the promotion')
    const { aggregator, titles, looks } = capturing()
    const handling = aggregator.handleEvent(event)
    await until(() => looks() >= 2)
    await reader.query('select pg_wal_replay_resume()')
    await reader.query('select pg_promote()')
    await handling
    const before = looks()
    await aggregator.handleEvent({ ...event, xid: undefined, lsn: undefined })
    expect(looks() - before).toBeGreaterThanOrEqual(1)
    expect(titles()).toEqual(['before the promotion', 'before the promotion'])
  })
})

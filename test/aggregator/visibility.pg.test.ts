import type { UpdateEvent, WALEvent } from 'pg-capture'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type PostgresServer, startPostgres } from '../../services/postgres.ts'
import { type CapturingTitles, capturingTitles, until } from './capturing-titles.ts'
import { library, retitled } from './library.ts'

// A transaction that is committed, and whose change the WAL already tells, but that no other session sees: it waits for a
// synchronous standby that does not exist. The server is our own, as everyone's commits wait there.

let server: PostgresServer
let reader: pg.Client
let writer: pg.Client

beforeAll(async () => {
  server = await startPostgres({
    settings: { synchronous_standby_names: 'nobody', max_prepared_transactions: '5', autovacuum: 'off' },
  })
  reader = await connect()
  writer = await connect()
  // Only the writer's commits wait.
  await reader.query('set synchronous_commit = local')
  await reader.query(library)
  await reader.query(`select pg_create_logical_replication_slot('changes', 'test_decoding')`)
}, 60_000)

afterAll(async () => {
  await Promise.all([reader, writer].map((client) => client?.end()))
  await server?.stop()
})

/** Leaves nothing open, whatever a test came to. */
afterEach(async () => {
  const idle = writer.query('rollback')
  await reader.query(`select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`)
  await idle
  const { rows } = await reader.query('select gid from pg_prepared_xacts')
  for (const { gid } of rows) await reader.query(`rollback prepared '${gid}'`)
})

/** The id of a transaction that is complete. */
async function completeXid(): Promise<string> {
  const { rows } = await reader.query(
    'select (pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1)::text as xid',
  )
  return rows[0].xid
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client(server.url)
  await client.connect()
  return client
}

/** Ends the writer's wait, as the answer of a standby would. */
async function answerAsStandby(): Promise<void> {
  for (;;) {
    const { rowCount } = await reader.query(
      `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`,
    )
    if (rowCount === 1) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

type Attempt = 'in one transaction' | 'in a sub-transaction' | 'prepared before'

/** Changes the title of book 1 in a transaction whose commit does not return; resolves when the WAL tells of it. */
async function retitleUnseen(title: string, how: Attempt = 'in one transaction'): Promise<Unseen> {
  await writer.query('begin')
  const { rows } = await writer.query(
    'select pg_current_xact_id()::text as xid, title from book where id = 1',
  )
  if (how === 'in a sub-transaction') await writer.query('savepoint one; select 1; savepoint two')
  await writer.query('update book set title = $1 where id = 1', [title])
  if (how === 'prepared before')
    await writer.query(`set local synchronous_commit = local; prepare transaction 'one'`)
  const committed: Promise<unknown> = writer.query(
    how === 'prepared before' ? `commit prepared 'one'` : 'commit',
  )
  let told = ''
  while (!told.includes(title)) {
    await new Promise((resolve) => setTimeout(resolve, 2))
    const changes = await reader.query(`select data from pg_logical_slot_peek_changes('changes', null, null)`)
    told = changes.rows.map(({ data }) => data as string).join('\n')
  }
  const event: UpdateEvent = {
    action: 'UPDATE',
    table: 'book',
    data: { id: 1, title, authorId: 'alice' },
    dataOld: { id: 1, title: rows[0].title, authorId: 'alice' },
  }
  return { event, xid: rows[0].xid, committed }
}

interface Unseen {
  readonly event: UpdateEvent
  readonly xid: string
  readonly committed: Promise<unknown>
}

type Options = Parameters<typeof capturingTitles>[1]

function capturing(options?: Options): CapturingTitles {
  return capturingTitles(reader, options)
}

/** Hands events over, and finds them held back for as long as the commit is not seen. */
async function expectToWait({ committed }: Unseen, events: readonly WALEvent[]): Promise<unknown[]> {
  const { aggregator, titles, looks } = capturing()
  let handled = false
  const handling = aggregator.handleEvents(events).then(() => {
    handled = true
  })
  await until(() => looks() >= 5)
  expect(handled).toBe(false)
  expect(titles()).toEqual([])

  await Promise.all([answerAsStandby(), committed])
  await handling
  return titles()
}

describe('a transaction that the WAL tells before others see it', () => {
  test('is waited for, and then built as it is', async () => {
    const unseen = await retitleUnseen('seen later')
    expect(await expectToWait(unseen, [{ ...unseen.event, xid: unseen.xid }])).toEqual(['seen later'])
  })

  test('is waited for by its 32 bits too', async () => {
    const unseen = await retitleUnseen('seen by a number')
    const xid = Number(BigInt(unseen.xid) % 2n ** 32n)
    expect(await expectToWait(unseen, [{ ...unseen.event, xid }])).toEqual(['seen by a number'])
  })

  test('would be built as it was, and so lost, by an event that passes after a delay which is too short', async () => {
    const { aggregator, titles } = capturing({ unpositionedEvents: { delayMs: 1 } })
    const { event, committed } = await retitleUnseen('lost')
    await aggregator.handleEvent(event)
    expect(titles()).toHaveLength(1)
    expect(titles()).not.toContain('lost')
    await Promise.all([answerAsStandby(), committed])
    // Nothing mends it: the object stays as it was.
    await aggregator.buildObjects()
    expect(titles()).not.toContain('lost')
  })

  test('is given up after visibilityTimeoutMs with what to look at; delivered again, the event is handled', async () => {
    const { aggregator, titles } = capturing({ visibilityTimeoutMs: 200 })
    const { event, xid, committed } = await retitleUnseen('seen at last')
    await expect(aggregator.handleEvent({ ...event, xid })).rejects.toMatchObject({
      code: 'VISIBILITY_TIMEOUT',
      message: expect.stringMatching(
        /within 200 ms\. Either a synchronous standby does not answer, or .* deliver them again/,
      ),
    })
    expect(titles()).toEqual([])
    await Promise.all([answerAsStandby(), committed])
    await aggregator.handleEvent({ ...event, xid })
    expect(titles()).toEqual(['seen at last'])
  })
})

describe('an event that does not tell its transaction waits for it all the same', () => {
  test.each<Attempt>(['in one transaction', 'in a sub-transaction', 'prepared before'])(
    'where the row was written %s',
    async (how) => {
      const unseen = await retitleUnseen(how, how)
      expect(await expectToWait(unseen, [unseen.event])).toEqual([how])
    },
  )

  test('where it tells the position of its commit, which the server has flushed', async () => {
    const unseen = await retitleUnseen('flushed')
    const { rows } = await reader.query(
      `select lsn::text as lsn, lsn <= pg_current_wal_flush_lsn() as flushed
       from pg_logical_slot_peek_changes('changes', null, null) order by pg_logical_slot_peek_changes.lsn desc limit 1`,
    )
    expect(rows[0].flushed).toBe(true)
    expect(await expectToWait(unseen, [{ ...unseen.event, lsn: rows[0].lsn }])).toEqual(['flushed'])
  })

  test('where another event of the batch tells one, and that is visible', async () => {
    const xid = await completeXid()
    const unseen = await retitleUnseen('of two')
    const other: WALEvent = {
      ...unseen.event,
      data: { id: 2, title: 'x' },
      dataOld: { id: 2 },
      xid,
    }
    const titles = await expectToWait(unseen, [other, unseen.event])
    expect(new Set(titles)).toEqual(new Set(['Two', 'of two']))
  })
})

describe('where nobody writes', () => {
  test('a batch of events without positions costs one look, once, and then its look-ups and its build', async () => {
    const { aggregator, client } = capturing()
    await aggregator.handleEvents([
      retitled('1'),
      { ...retitled('2'), lsn: '0/1' },
      {
        action: 'UPDATE',
        table: 'author',
        data: { id: 'bob', name: 'x' },
        dataOld: { id: 'bob', name: 'y' },
      },
    ])
    expect([client.looks.length, client.lookUps.length, client.builds.length]).toEqual([1, 1, 1])
  })

  test('a batch with the positions of many transactions costs one look as well', async () => {
    const { aggregator, client } = capturing()
    const xid = await completeXid()
    await aggregator.handleEvents([
      { ...retitled('1'), xid },
      { ...retitled('2'), xid: Number(xid) - 1 },
      retitled('3'),
    ])
    expect([client.looks.length, client.lookUps.length, client.builds.length]).toEqual([1, 0, 1])
  })

  test('transactions that are known to be complete cost none', async () => {
    // It is known for a while only, so time stands still.
    vi.useFakeTimers({ toFake: ['performance'] })
    const { aggregator, client } = capturing()
    const xid = await completeXid()
    await aggregator.handleEvent({ ...retitled('1'), xid })
    await aggregator.handleEvent({ ...retitled('1'), xid: Number(xid) - 1 })
    vi.useRealTimers()
    expect([client.looks.length, client.builds.length]).toEqual([1, 2])
  })
})

describe('writers that take long', () => {
  const anything: WALEvent = { action: 'INSERT', table: 'book', data: { id: 2 } }

  test.each([
    ['open', 'select 1'],
    [
      'open with sub-transactions',
      'savepoint one; insert into author values (9); savepoint two; insert into author values (8)',
    ],
    ['prepared', `set local synchronous_commit = local; prepare transaction 'left alone'`],
  ])('hold an event without position up until it is given up: %s', async (_, further) => {
    await writer.query(`begin; insert into author values (7); ${further}`)
    const { aggregator, titles } = capturing({ visibilityTimeoutMs: 100 })
    await expect(aggregator.handleEvent(anything)).rejects.toMatchObject({
      code: 'VISIBILITY_TIMEOUT',
      message: expect.stringMatching(
        /up to \d transaction\(s\) that were writing .* pg_stat_activity .* pg_prepared_xacts.* unpositionedEvents: \{ delayMs \}/,
      ),
    })
    expect(titles()).toEqual([])
  })

  test('hold up none that tells its transaction, none after a delay, and none that came before them', async () => {
    const xid = await completeXid()
    const barrier = capturing()
    await barrier.aggregator.handleEvent(anything)
    await writer.query('begin; insert into author values (7)')
    await barrier.aggregator.handleEvent({ ...anything, xid })
    const delay = capturing({ unpositionedEvents: { delayMs: 10 } })
    await delay.aggregator.handleEvent(anything)
    expect([barrier.titles(), delay.titles()]).toEqual([['Two', 'Two'], ['Two']])
  })

  test('are none where they only read', async () => {
    await writer.query('begin isolation level repeatable read; select * from book')
    const { aggregator, looks } = capturing()
    await aggregator.handleEvent(anything)
    expect(looks()).toBe(1)
  })

  test('are waited for together by all that is handed over at once', async () => {
    const { aggregator, looks } = capturing({ unpositionedEvents: 'barrier' })
    await aggregator.handleEvent(anything)
    const before = looks()
    await Promise.all(Array.from({ length: 50 }, () => aggregator.collect([anything])))
    expect(looks() - before).toBeLessThanOrEqual(2)
  })
})

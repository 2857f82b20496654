import { type Changes, EventAggregator, type WALEvent } from 'pg-capture'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../services/postgres.ts'
import { bookSchema, library } from './library.ts'

// A transaction that is committed, and whose change the WAL already tells, but that no other session sees: it waits for a
// synchronous standby that does not exist. The server is our own, as everyone's commits wait there.

let server: PostgresServer
let reader: pg.Client
let writer: pg.Client

beforeAll(async () => {
  server = await startPostgres({ settings: { synchronous_standby_names: 'nobody' } })
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

/** Changes the title of book 1 in a transaction whose commit does not return; resolves when the WAL tells of it. */
async function retitleUnseen(
  title: string,
): Promise<{ event: WALEvent; xid: string; committed: Promise<unknown> }> {
  await writer.query('begin')
  const { rows } = await writer.query(
    'select pg_current_xact_id()::text as xid, title from book where id = 1',
  )
  await writer.query('update book set title = $1 where id = 1', [title])
  const committed = writer.query('commit')
  let told = ''
  while (!told.includes(title)) {
    await new Promise((resolve) => setTimeout(resolve, 2))
    const changes = await reader.query(`select data from pg_logical_slot_peek_changes('changes', null, null)`)
    told = changes.rows.map(({ data }) => data as string).join('\n')
  }
  const event: WALEvent = {
    action: 'UPDATE',
    table: 'book',
    data: { id: 1, title, authorId: 'alice' },
    dataOld: { id: 1, title: rows[0].title, authorId: 'alice' },
  }
  return { event, xid: rows[0].xid, committed }
}

function capturing(options: { visibilityTimeoutMs?: number } = {}) {
  const emitted: Changes[] = []
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client: reader,
    onChange: (changes) => emitted.push(changes),
    ...options,
  })
  const titles = (): unknown[] =>
    emitted.flatMap(({ upsert }) => upsert.map(({ object }) => (object as { title: string }).title))
  return { aggregator, titles }
}

describe('a transaction that the WAL tells before others see it', () => {
  test('is waited for, and then built as it is', async () => {
    const { aggregator, titles } = capturing()
    const { event, xid, committed } = await retitleUnseen('seen later')
    let handled = false
    const handling = aggregator.handleEvent({ ...event, xid }).then(() => {
      handled = true
    })
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(handled).toBe(false)
    expect(titles()).toEqual([])

    await Promise.all([answerAsStandby(), committed])
    await handling
    expect(titles()).toEqual(['seen later'])
  })

  test('is waited for by its 32 bits too', async () => {
    const { aggregator, titles } = capturing()
    const { event, xid, committed } = await retitleUnseen('seen by a number')
    const handling = aggregator.handleEvent({ ...event, xid: Number(BigInt(xid) % 2n ** 32n) })
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(titles()).toEqual([])
    await Promise.all([answerAsStandby(), committed])
    await handling
    expect(titles()).toEqual(['seen by a number'])
  })

  test('would be built as it was, and so lost, by an event that does not tell its transaction', async () => {
    const { aggregator, titles } = capturing()
    const { event, committed } = await retitleUnseen('lost')
    await aggregator.handleEvent(event)
    expect(titles()).toHaveLength(1)
    expect(titles()).not.toContain('lost')
    await Promise.all([answerAsStandby(), committed])
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

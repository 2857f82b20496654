import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../../services/postgres.ts'
import { EventCollector } from '../../../test/support/event-collector.ts'
import { PgoutputSource, type PgoutputSourceOptions, type SourceEvent } from './pgoutput-source.ts'

let server: PostgresServer
const sources: PgoutputSource[] = []

beforeAll(async () => {
  const version = process.env['TEST_POSTGRES_VERSION']
  server = await startPostgres(version ? { version } : {})
  await query('create table book (id int primary key)')
}, 60_000)

afterEach(async () => {
  for (const source of sources.splice(0)) await source.drop()
  await query('truncate book')
})

afterAll(() => server.stop())

async function query(sql: string): Promise<void> {
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query(sql)
  await client.end()
}

async function start(
  acknowledge: boolean,
  options: Partial<PgoutputSourceOptions> = {},
  onChunk?: () => Promise<void>,
): Promise<EventCollector> {
  const happened: SourceEvent[] = []
  const source = new PgoutputSource({
    connection: server.url,
    onEvent: (event) => happened.push(event),
    onError: () => undefined,
    ...options,
  })
  sources.push(source)
  const tables = [{ table: 'book', oldColumns: ['id'] }]
  const collector = new EventCollector(source, tables, { acknowledge, ...(onChunk ? { onChunk } : {}) })
  await collector.until(() => happened.some((event) => event.type === 'connected'), 'the connection')
  return collector
}

const ids = (collector: EventCollector): Set<number> =>
  new Set(collector.events.map((event) => Number(event.data?.['id'])))

test.each(['fast', 'immediate'] as const)('after a restart (%s) the source goes on', async (mode) => {
  const collector = await start(true)
  await query('insert into book values (1)')
  await collector.untilEvents(1)
  await server.restart(mode)
  await query('insert into book values (2)')
  await collector.until(() => ids(collector).has(2), 'the row after the restart')
})

test('a consumer that does not acknowledge does not keep the server from shutting down', async () => {
  const collector = await start(false)
  await query('insert into book values (1)')
  await collector.untilEvents(1)
  const before = Date.now()
  await server.restart('fast')
  expect(Date.now() - before).toBeLessThan(20_000)
  await collector.untilEvents(2)
  expect([...ids(collector)]).toEqual([1])
}, 90_000)

test('neither does one that does not even pull', async () => {
  let release = (): void => {}
  const stalled = new Promise<void>((resolve) => {
    release = resolve
  })
  const collector = await start(true, { chunkRows: 100, checkIntervalMs: 500 }, () => stalled)
  await query('insert into book values (0)')
  await collector.until(() => collector.chunks.length === 1)
  await query('insert into book select generate_series(1, 300000)')
  const before = Date.now()
  await server.restart('fast')
  expect(Date.now() - before).toBeLessThan(20_000)
  release()
  await collector.until(() => collector.events.at(-1)?.data?.['id'] === '300000', 'every row')
  expect(ids(collector).size).toBe(300_001)
}, 120_000)

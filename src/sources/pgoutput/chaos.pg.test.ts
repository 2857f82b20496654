import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { expect, test, vi } from 'vitest'
import { captures } from '../../../test/support/captures.ts'
import { testDatabase } from '../../../test/support/postgres.ts'

const WRITERS = 4
const MILLISECONDS = 5_000

const database = testDatabase({
  setup: `
    create table entry (id bigint primary key, writer int, body text);
    alter table entry replica identity full;
    create table noise (id bigint)`,
})
const capture = captures(database)

test('writers, rollbacks, killed connections and a slow consumer: nothing is missing, nothing rolled back comes', async () => {
  const committed = new Set<string>()
  const rolledBack = new Set<string>()
  const seen = new Map<string, number>()
  let lastOfWriter = new Map<string, bigint>()
  let disorder = 0
  let isWriting = true

  const running = await capture.start([{ table: 'entry', oldColumns: ['id'] }], {
    chunkRows: 50,
    highWaterBytes: 20_000,
    onEvent: (event) => {
      // What comes after a lost connection may begin anew.
      if (event.type === 'connected') lastOfWriter = new Map()
    },
    onChunk: async (chunk) => {
      for (const event of chunk.events) {
        const id = String(event.data?.['id'])
        seen.set(id, (seen.get(id) ?? 0) + 1)
        const writer = String(event.data?.['writer'])
        if ((lastOfWriter.get(writer) ?? 0n) >= BigInt(id)) disorder++
        lastOfWriter.set(writer, BigInt(id))
      }
      if (Math.random() < 0.1) await sleep(Math.random() * 30)
    },
  })

  async function write(writer: number, client: pg.Client): Promise<void> {
    for (let round = 0; isWriting; round++) {
      const ids = Array.from({ length: 1 + Math.floor(Math.random() * 20) }, (_, row) =>
        String(writer * 1e9 + round * 1e3 + row + 1),
      )
      await client.query('begin')
      await client.query(
        `insert into entry select id, $2, repeat('x', 100) from unnest($1::bigint[]) id order by id`,
        [ids, writer],
      )
      if (round % 3 === 0) await client.query('insert into noise select generate_series(1, 20)')
      const isKept = Math.random() > 0.1
      await client.query(isKept ? 'commit' : 'rollback')
      for (const id of ids) (isKept ? committed : rolledBack).add(id)
      // The consumer is to fall behind, not to drown.
      await sleep(Math.random() * 10)
    }
  }

  async function kill(): Promise<void> {
    while (isWriting) {
      await sleep(200 + Math.random() * 600)
      await database.query(
        'select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1 and active_pid is not null',
        [capture.name()],
      )
    }
  }

  const writers = Array.from({ length: WRITERS }, async (_, index) =>
    write(index + 1, await database.client()),
  )
  const killer = kill()
  await sleep(MILLISECONDS)
  isWriting = false
  await Promise.all([...writers, killer])
  await running.until(() => [...committed].every((id) => seen.has(id)), 'every row')

  expect([...rolledBack].filter((id) => seen.has(id))).toEqual([])
  expect(disorder).toBe(0)
  expect(committed.size).toBeGreaterThan(1_000)
  expect(running.happened.filter((event) => event.type === 'reconnecting').length).toBeGreaterThan(1)

  // Seen is not acknowledged yet: the last chunk's consumer may still be at work.
  const written = await database.query<{ position: string }>('select pg_current_wal_lsn() as position')
  await vi.waitUntil(
    async () => {
      const { rows } = await database.query<{ is_confirmed: boolean }>(
        'select confirmed_flush_lsn >= $2 as is_confirmed from pg_replication_slots where slot_name = $1',
        [capture.name(), written.rows[0]!.position],
      )
      return rows[0]!.is_confirmed
    },
    { timeout: 20_000, interval: 50 },
  )
  await running.source.stop()
  const again = await capture.start([{ table: 'entry', oldColumns: ['id'] }])
  await database.query(`insert into entry values (-1, 0, '')`)
  await again.untilEvents(1)
  expect(again.events.map((event) => event.data?.['id'])).toEqual(['-1'])
}, 60_000)

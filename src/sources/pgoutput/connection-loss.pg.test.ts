import { createServer, connect, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { TableRequirement } from '../../core/capture/source.ts'
import { captures, type Capture } from '../../../test/support/captures.ts'
import { testDatabase } from '../../../test/support/postgres.ts'

const database = testDatabase()
const capture = captures(database)

async function newTable(name: string): Promise<TableRequirement[]> {
  await database.query(`create table ${name} (id int primary key)`)
  return [{ table: name, oldColumns: ['id'] }]
}

const ids = (running: Capture): number[] => running.events.map((event) => Number(event.data?.['id']))
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)

async function killWalsender(): Promise<void> {
  await database.query(
    `select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1 and active_pid is not null`,
    [capture.name()],
  )
}

const times = (running: Capture, type: string): number =>
  running.happened.filter((event) => event.type === type).length

describe('a connection that is lost', () => {
  test('comes back, and what was acknowledged does not come twice', async () => {
    const running = await capture.start(await newTable('killed'))
    for (let round = 1; round <= 3; round++) {
      await database.query('insert into killed values ($1)', [round])
      await running.untilEvents(round)
      await sleep(60)
      await killWalsender()
      await running.until(() => times(running, 'connected') === round + 1, 'a new connection')
    }
    await database.query('insert into killed values (4)')
    await running.untilEvents(4)
    expect(ids(running)).toEqual(upTo(4))
    const lost = running.happened.find((event) => event.type === 'reconnecting')
    expect(lost).toMatchObject({ attempt: 1, error: { code: 'CONNECTION_FAILED' } })
  })

  test('in the middle of a transaction, the whole transaction comes again', async () => {
    let killed = false
    const running = await capture.start(await newTable('torn'), {
      chunkRows: 100,
      onChunk: async (chunk) => {
        if (killed || chunk.acknowledge) return
        killed = true
        await killWalsender()
      },
    })
    // More than sockets hold: of a smaller one all may have been sent before the connection is cut.
    await database.query('insert into torn select generate_series(1, 300000)')
    await running.until(() => running.chunks.some((chunk) => chunk.acknowledge), 'the end of the transaction')
    const seen = ids(running)
    const restart = seen.lastIndexOf(1)
    expect(restart).toBeGreaterThan(0)
    expect(seen.slice(restart)).toEqual(upTo(300_000))
    expect(seen.slice(0, restart)).toEqual(upTo(restart))
  })

  test('an acknowledgement of what the old connection brought still counts, in its own order', async () => {
    const running = await capture.start(await newTable('old_one'), { acknowledge: false })
    await database.query('insert into old_one values (1)')
    await running.untilEvents(1)
    await killWalsender()
    await running.untilEvents(2)
    running.chunks[0]?.acknowledge?.()
    await sleep(100)
    await killWalsender()
    await database.query('insert into old_one values (2)')
    await running.untilEvents(3)
    expect(ids(running)).toEqual([1, 1, 2])
  })

  test('a consumer that is stalled longer than wal_sender_timeout keeps its connection', async () => {
    await database.query(`alter database ${database.name} set wal_sender_timeout = '1s'`)
    let release = (): void => {}
    const stalled = new Promise<void>((resolve) => {
      release = resolve
    })
    const running = await capture.start(await newTable('patient'), { chunkRows: 10, onChunk: () => stalled })
    await database.query(`alter database ${database.name} reset wal_sender_timeout`)
    await database.query('insert into patient select generate_series(1, 300000)')
    await sleep(4_000)
    release()
    await running.untilEvents(300_000)
    expect(times(running, 'reconnecting')).toBe(0)
    expect(ids(running)).toEqual(upTo(300_000))
  })

  test('a quiet one is kept as well', async () => {
    await database.query(`alter database ${database.name} set wal_sender_timeout = '1s'`)
    const running = await capture.start(await newTable('silent'))
    await database.query(`alter database ${database.name} reset wal_sender_timeout`)
    await sleep(3_000)
    await database.query('insert into silent values (1)')
    await running.untilEvents(1)
    expect(times(running, 'reconnecting')).toBe(0)
  })

  test('a temporary slot is lost with it, and that is said', async () => {
    const running = await capture.start(await newTable('briefly'), { temporary: true })
    await killWalsender()
    await expect(running.ended).rejects.toMatchObject({
      code: 'SLOT_MISSING',
      message: expect.stringContaining('it was temporary'),
    })
  })

  test('a slot that is gone afterwards is never made anew', async () => {
    const running = await capture.start(await newTable('vanished'))
    await database.query(
      `select pg_terminate_backend(active_pid), pg_sleep(0.02) from pg_replication_slots where slot_name = $1`,
      [capture.name()],
    )
    await database.query('select pg_drop_replication_slot($1)', [capture.name()]).catch(() => undefined)
    const slots = await database.rows('select 1 from pg_replication_slots where slot_name = $1', [
      capture.name(),
    ])
    if (slots.length > 0) await dropWhileAway(running)
    await expect(running.ended).rejects.toMatchObject({
      code: 'SLOT_MISSING',
      message: `Replication slot "${capture.name()}" is gone (somebody dropped it): changes since then are lost to this source. Start again with a new slot and rebuild every object.`,
    })
  })

  /** The source may have been back faster than we: try until we win. */
  async function dropWhileAway(running: Capture): Promise<void> {
    for (let attempt = 0; attempt < 50; attempt++) {
      await killWalsender()
      const dropped = await database.query('select pg_drop_replication_slot($1)', [capture.name()]).then(
        () => true,
        () => false,
      )
      if (dropped) return
      await running.until(() => true)
    }
    throw new Error('The slot was never free.')
  }

  test('a publication that is gone is said too', async () => {
    const running = await capture.start(await newTable('unpublished'))
    await database.query(`drop publication ${capture.name()}`)
    await killWalsender()
    await expect(running.ended).rejects.toMatchObject({ code: 'PUBLICATION_MISSING' })
  })

  test('a publication that is made again after a change is said by the server, if it says so', async () => {
    const running = await capture.start(await newTable('republished'))
    await running.source.stop()
    await database.query(`drop publication ${capture.name()}; insert into republished values (1)`)
    await database.query(`create publication ${capture.name()} for table republished`)
    const again = capture.begin([{ table: 'republished', oldColumns: ['id'] }])
    await database.query('insert into republished values (2)')
    const outcome = again.untilEvents(1).then(
      () => 'the next change',
      (error: unknown) => (error as { code: string }).code,
    )
    const [{ version }] = (await database.rows<{ version: number }>(
      `select current_setting('server_version_num')::int as version`,
    )) as [{ version: number }]
    // From PostgreSQL 18 on the server passes over such changes and tells only its own log.
    expect(await outcome).toBe(version >= 180_000 ? 'the next change' : 'PUBLICATION_MISSING')
  })

  test('a table that leaves the publication is missed by the next check', async () => {
    const running = await capture.start(await newTable('left_out'), { checkIntervalMs: 50 })
    await sleep(200)
    await database.query(`create table instead_of_it (id int primary key)`)
    await database.query(`alter publication ${capture.name()} set table instead_of_it`)
    await expect(running.ended).rejects.toMatchObject({ code: 'PUBLICATION_INCOMPLETE' })
  })

  test('a slot that another process uses is waited for', async () => {
    const tables = await newTable('contested')
    const first = await capture.start(tables)
    const second = capture.begin(tables)
    await second.until(() => times(second, 'reconnecting') >= 2, 'two attempts')
    expect(second.happened.find((event) => event.type === 'reconnecting')).toMatchObject({
      error: { code: 'SLOT_IN_USE', message: expect.stringContaining(`"${capture.name()}" is in use`) },
    })
    await first.source.stop()
    await second.until(() => times(second, 'connected') === 1, 'the connection')
    await database.query('insert into contested values (1)')
    await second.untilEvents(1)
  })
})

describe('onError', () => {
  function serverUrl(): string {
    const url = new URL(database.url)
    url.pathname = '/postgres'
    return url.href
  }

  test('is told of each failure that is tried again: each attempt, and who stands in the way', async () => {
    const tables = await newTable('told')
    const first = await capture.start(tables)
    const second = capture.begin(tables)
    await second.until(() => second.told.length >= 2, 'two attempts')
    expect(second.told[0]).toMatchObject({ code: 'SLOT_IN_USE' })
    await first.source.stop()
    await second.until(() => times(second, 'connected') === 1, 'the connection')
    const before = second.told.length
    await killWalsender()
    await second.until(() => times(second, 'connected') === 2, 'a new connection')
    expect(second.told[before]).toMatchObject({ code: 'CONNECTION_FAILED' })
    expect(second.told).toHaveLength(times(second, 'reconnecting'))
  })

  test('is that of the consumer, where the source has none of its own', async () => {
    const tables = await newTable('told_consumer')
    await capture.start(tables)
    const told: unknown[] = []
    const source = capture.source()
    const reading = source.stream(tables, { onError: (error) => told.push(error) }).next()
    while (told.length === 0) await sleep(10)
    expect(told[0]).toMatchObject({ code: 'SLOT_IN_USE' })
    await source.stop()
    expect(await reading).toMatchObject({ done: true })
  })

  test('is console.error, where nobody gave one', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    onTestFinished(() => printed.mockRestore())
    const tables = await newTable('told_nobody')
    await capture.start(tables)
    const source = capture.source()
    const reading = source.stream(tables).next()
    while (printed.mock.calls.length === 0) await sleep(10)
    expect(printed.mock.calls[0]?.[0]).toMatch(
      /^pg-capture: the source ".*" goes on: SLOT_IN_USE: Replication slot/,
    )
    await source.stop()
    await reading
  })

  test('is told where only the repeated check of the set-up fails, and the stream goes on', async () => {
    const running = await capture.start(await newTable('unchecked'), { checkIntervalMs: 50 })
    const elsewhere = await database.client({ connectionString: serverUrl() })
    const allow = (whether: boolean): Promise<unknown> =>
      elsewhere.query(`alter database ${database.name} allow_connections ${String(whether)}`)
    await allow(false)
    try {
      await running.until(() => running.told.length >= 2, 'two checks')
      expect(running.told[0]).toMatchObject({
        code: 'CONNECTION_FAILED',
        message: expect.stringMatching(
          /^The set-up could not be checked again, while the stream goes on: .* nobody notices/,
        ),
      })
      expect(times(running, 'warning')).toBeGreaterThanOrEqual(2)
      await database.query('insert into unchecked values (1)')
      await running.untilEvents(1)
      expect(times(running, 'reconnecting')).toBe(0)
    } finally {
      await allow(true)
    }
  })

  test('is told of warnings', async () => {
    await database.query('create table parent (id int primary key); create table child () inherits (parent)')
    const running = await capture.start([{ table: 'parent', oldColumns: ['id'] }])
    expect(running.told).toEqual([
      expect.objectContaining({ message: expect.stringContaining('is inherited by "child"') }),
    ])
  })
})

describe('a network that fails', () => {
  let server: Server | undefined
  const sockets = new Set<Socket>()

  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))
  })

  /** Passes everything on to Postgres, until it is told to break what is open. */
  async function proxy(
    port = 0,
  ): Promise<{ url: string; port: number; cut: () => Promise<void>; swallow: () => void }> {
    const target = new URL(database.url)
    server = createServer((socket) => {
      const upstream = connect(Number(target.port), target.hostname)
      for (const end of [socket, upstream]) {
        sockets.add(end)
        end.on('error', () => undefined)
        end.on('close', () => {
          socket.destroy()
          upstream.destroy()
        })
      }
      socket.pipe(upstream).pipe(socket)
    })
    const listening = server
    await new Promise<void>((resolve) => listening.listen(port, '127.0.0.1', resolve))
    const address = listening.address()
    if (address === null || typeof address === 'string') throw new Error('No port.')
    const url = new URL(database.url)
    url.port = String(address.port)
    url.hostname = '127.0.0.1'
    return {
      url: url.href,
      port: address.port,
      swallow: () => {
        // Either end may close without the other hearing of it.
        for (const socket of sockets) socket.removeAllListeners('close').unpipe().resume()
      },
      cut: async () => {
        for (const socket of sockets) socket.destroy()
        sockets.clear()
        await new Promise<void>((resolve) => listening.close(() => resolve()))
      },
    }
  }

  test('for a while: the source comes back by itself', async () => {
    const path = await proxy()
    const running = await capture.start(await newTable('cut_off'), { connection: path.url })
    await database.query('insert into cut_off values (1)')
    await running.untilEvents(1)
    await path.cut()
    await database.query('insert into cut_off values (2)')
    await running.until(() => times(running, 'reconnecting') >= 3, 'three attempts')
    await proxy(path.port)
    await running.until(() => ids(running).includes(2), 'the row')
  })

  test('without a trace: the silence is noticed', async () => {
    await database.query(`alter database ${database.name} set wal_sender_timeout = '600ms'`)
    const path = await proxy()
    const running = await capture.start(await newTable('silenced'), { connection: path.url })
    path.swallow()
    await database.query('insert into silenced values (1)')
    await running.untilEvents(1)
    await database.query(`alter database ${database.name} reset wal_sender_timeout`)
    expect(running.happened.find((event) => event.type === 'reconnecting')).toMatchObject({
      error: { message: expect.stringContaining('not been heard of') },
    })
  })

  test('from the start: an address that never answered is an error', async () => {
    const path = await proxy()
    await path.cut()
    const running = capture.begin(await newTable('nowhere'), { connection: path.url })
    await expect(running.ended).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })
})

describe('stop', () => {
  test('before the stream: it is empty', async () => {
    const source = capture.source()
    await source.stop()
    await source.stop()
    expect(await source.stream([{ table: 'none', oldColumns: [] }]).next()).toEqual({
      done: true,
      value: undefined,
    })
  })

  test('while it waits for rows', async () => {
    const running = await capture.start(await newTable('stop_waiting'))
    const before = Date.now()
    await Promise.all([running.source.stop(), running.source.stop()])
    await running.ended
    expect(Date.now() - before).toBeLessThan(1_500)
  })

  test('while it connects', async () => {
    const tables = await newTable('stop_connecting')
    for (const delay of [0, 1, 3, 5, 10, 15, 20, 30]) {
      const running = capture.begin(tables)
      await sleep(delay)
      await running.source.stop()
      await running.ended
    }
  })

  test('while it waits to connect again', async () => {
    const tables = await newTable('stop_retrying')
    await capture.start(tables)
    const second = capture.begin(tables)
    await second.until(() => times(second, 'reconnecting') >= 1, 'an attempt')
    await second.source.stop()
    await second.ended
  })

  test('while the creation of the slot waits for an open transaction', async () => {
    const tables = await newTable('stop_creating')
    const writer = await database.client()
    await writer.query('begin; insert into stop_creating values (1)')
    const running = capture.begin(tables)
    await running.until(() => times(running, 'publication-created') === 1, 'the publication')
    await sleep(200)
    await running.source.stop()
    await running.ended
    await writer.query('commit')
    await sleep(100)
    expect(
      await database.rows('select 1 from pg_replication_slots where slot_name = $1', [capture.name()]),
    ).toEqual([])
  })

  test('in the middle of a large transaction that the server is sending', async () => {
    const running = await capture.start(await newTable('stop_large'), { chunkRows: 100 })
    await database.query('insert into stop_large select generate_series(1, 200000)')
    await running.untilEvents(1)
    await running.source.stop()
    await running.ended
    expect(running.events.length).toBeLessThan(200_000)
  })

  test('by leaving the loop, with the slot free at once', async () => {
    const tables = await newTable('stop_loop')
    const source = capture.source()
    await source.prepare(tables)
    await database.query('insert into stop_loop values (1)')
    for await (const chunk of source.stream(tables)) {
      chunk.acknowledge?.()
      break
    }
    expect(
      await database.rows('select active from pg_replication_slots where slot_name = $1', [capture.name()]),
    ).toEqual([{ active: false }])
  })

  test('by an error in the loop', async () => {
    const tables = await newTable('stop_error')
    const failing = capture.begin(tables, {
      onChunk: () => {
        throw new Error('The consumer failed.')
      },
    })
    await failing.until(() => times(failing, 'connected') === 1, 'the connection')
    await database.query('insert into stop_error values (1)')
    await expect(failing.ended).rejects.toThrow('The consumer failed.')
    const second = await capture.start(tables)
    await second.untilEvents(1)
  })

  test('by an error in onEvent', async () => {
    const running = capture.begin(await newTable('stop_listener'), {
      onEvent: (event) => {
        if (event.type === 'connected') throw new Error('The listener failed.')
      },
    })
    await expect(running.ended).rejects.toThrow('The listener failed.')
  })
})

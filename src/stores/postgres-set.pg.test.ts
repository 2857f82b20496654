import { describe, expect, test } from 'vitest'
import { testIdsSet } from '../../test/contracts/ids-set.ts'
import { allOf, failedOf } from '../testing/ids-set-under-test.ts'
import { testDatabase } from '../../test/support/postgres.ts'
import { PostgresSet, postgresSetMigration } from './postgres-set.ts'

const database = testDatabase({ setup: postgresSetMigration() })
let sets = 0

testIdsSet('PostgresSet over two pools', {
  holdsZeroCharacters: false,
  make: (options) => {
    const set = `set ${++sets}`
    return {
      set: new PostgresSet({ client: pool('one'), set, ...options }),
      other: new PostgresSet({ client: pool('two'), set, ...options }),
      pass: async (ms) => {
        const times = ['lease_ends', 'retry_at', 'failing_since', 'pending_since']
        const past = times.map((time) => `${time} = ${time} - $2 * interval '1 ms'`)
        await database.query(`update pg_capture_pending set ${past.join()} where "set" = $1`, [set, ms])
      },
    }
  },
})

const pools = new Map<string, ReturnType<typeof database.pool>>()

function pool(name: string): ReturnType<typeof database.pool> {
  const known = pools.get(name) ?? database.pool({ max: 5 })
  pools.set(name, known)
  return known
}

describe('PostgresSet', () => {
  const make = (options: { batchSize?: number; unlogged?: boolean } = {}) =>
    new PostgresSet({ client: pool('one'), set: `set ${++sets}`, ...options })

  test('is durable, unless its table is unlogged', async () => {
    expect(make().durable).toBe(true)
    const set = new PostgresSet({ client: pool('one'), table: 'quick', unlogged: true })
    await set.migrate()
    expect(set.durable).toBe(false)
    expect(await database.rows(`select relpersistence from pg_class where oid = 'quick'::regclass`)).toEqual([
      { relpersistence: 'u' },
    ])
  })

  test('claims oldest first; what is released goes to the end', async () => {
    const set = make()
    for (const id of ['c', 'a', 'b']) await set.add([id])
    await set.add(['c'])
    const first = await set.claim(1, 60_000)
    expect(first.ids).toEqual(['c'])
    await set.release(first)
    expect((await set.claim(1, 60_000)).ids).toEqual(['a'])
    expect((await set.claim(1, 60_000)).ids).toEqual(['b'])
    expect((await set.claim(1, 60_000)).ids).toEqual(['c'])
  })

  test('the age of the oldest is exact', async () => {
    const set = make()
    const name = `set ${sets}`
    const age = async (): Promise<number> => (await set.backlog()).oldestPendingMs ?? Number.NaN
    const pass = async (): Promise<unknown> =>
      database.query(
        `update pg_capture_pending set pending_since = pending_since - interval '1 min' where "set" = $1`,
        [name],
      )
    await set.add(['a'])
    await pass()
    await set.add(['b'])
    await pass()
    expect(await age()).toBeGreaterThanOrEqual(120_000)
    const claim = await set.claim(1, 600_000)
    expect(await age()).toBeGreaterThanOrEqual(60_000)
    expect(await age()).toBeLessThan(120_000)
    // Added during its flight, it has waited since then.
    await set.add(['a'])
    await pass()
    await set.acknowledge(claim)
    await set.acknowledge({ ...(await set.claim(1, 600_000)), ids: ['b'] })
    expect(await age()).toBeGreaterThanOrEqual(60_000)
    expect(await age()).toBeLessThan(120_000)
  })

  test('long ids that failed are told in full, page by page', async () => {
    const set = make({ batchSize: 1 })
    const ids = ['a', 'b', 'c'].map((end) => 'ä'.repeat(5_000) + end)
    await set.add(ids)
    const claim = await set.claim(3, 60_000)
    await set.release({ ...claim, ids: claim.ids.slice(0, 1) }, { error: 'late', retryInMs: 60_000 })
    await set.release(claim, { error: 'bad', retryInMs: null })
    expect((await failedOf(set)).map(({ id }) => id)).toEqual(ids)
  })

  test('a set that is done leaves no row', async () => {
    const set = new PostgresSet({ client: pool('one'), table: 'own' })
    await set.migrate()
    await set.add(['a', 'b', 'c'.repeat(5_000)])
    const claim = await set.claim(3, 60_000)
    await set.add(['a'])
    await set.acknowledge(claim)
    await set.acknowledge(await set.claim(3, 60_000))
    expect(await database.rows('select * from own')).toEqual([])
  })

  test('long ids that begin alike are not one', async () => {
    const set = make({ batchSize: 1 })
    const ids = ['a', 'b'].map((end) => 'ä'.repeat(5_000) + end)
    await set.add(ids)
    expect(await allOf(set)).toEqual(ids)
    await set.delete(ids.slice(1))
    expect((await set.claim(5, 60_000)).ids).toEqual(ids.slice(0, 1))
  })

  test('200,000 ids are read in batches, each id once', async () => {
    const set = make()
    const ids = Array.from({ length: 200_000 }, (_, at) => `key ${at}`)
    await set.add(ids)
    const seen: string[] = []
    let largest = 0
    for await (const batch of set.getAll()) {
      largest = Math.max(largest, batch.length)
      seen.push(...batch)
    }
    expect(largest).toBe(1_000)
    expect(seen.length).toBe(200_000)
    expect(new Set(seen).size).toBe(200_000)
  }, 120_000)

  test('ids are kept in their text form; a zero character is refused', async () => {
    const set = make()
    await set.add([1, 1n, '1', 2])
    await set.delete([2n])
    expect(await allOf(set)).toEqual(['1'])
    await expect(set.add(['a', null])).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(set.add(['a\0'])).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  test('two names are two sets in one table', async () => {
    const [one, two] = [make(), make()]
    await one.add(['a'])
    await two.add(['b'])
    const claim = await two.claim(5, 60_000)
    expect(claim.ids).toEqual(['b'])
    expect(await one.renew(claim, 60_000)).toBe(false)
    expect(await allOf(one)).toEqual(['a'])
  })

  test('leases run on the real time of the server', async () => {
    const set = make()
    await set.add(['a'])
    await set.claim(1, 100)
    await expect.poll(async () => (await set.claim(1, 100)).ids, { timeout: 5_000 }).toEqual(['a'])
  })

  test('an add waits for a claim that is not committed yet, and is not merged into it', async () => {
    const set = make()
    await set.add(['a'])
    const slow = await database.client()
    await slow.query('begin')
    const claimer = new PostgresSet({ client: slow, set: `set ${sets}` })
    const claim = await claimer.claim(1, 60_000)
    const added = set.add(['a'])
    await expect(Promise.race([added.then(() => 'added'), pause(100)])).resolves.toBe('waiting')
    await slow.query('commit')
    await added
    expect(await set.acknowledge(claim)).toBe(true)
    expect((await set.claim(1, 60_000)).ids).toEqual(['a'])
  })

  test('an acknowledgement that waits for an add sees it', async () => {
    const set = make()
    await set.add(['a', 'b'])
    const claim = await set.claim(2, 60_000)
    const slow = await database.client()
    await slow.query('begin')
    await new PostgresSet({ client: slow, set: `set ${sets}` }).add(['b'])
    const acknowledged = set.acknowledge(claim)
    await expect(Promise.race([acknowledged, pause(100)])).resolves.toBe('waiting')
    await slow.query('commit')
    expect(await acknowledged).toBe(true)
    expect((await set.claim(2, 60_000)).ids).toEqual(['b'])
  })

  test('odd names of table and schema are quoted', async () => {
    await database.query(`create schema "odd's"`)
    const table = { schema: `odd's`, table: 'a "b" \\c' }
    const set = new PostgresSet({ client: pool('one'), table })
    await set.migrate()
    await set.add(['a'])
    expect((await set.claim(1, 60_000)).ids).toEqual(['a'])
  })

  test('migrating again, and by several at a time, changes nothing', async () => {
    const set = new PostgresSet({ client: pool('one'), table: 'many' })
    await Promise.all(Array.from({ length: 5 }, () => set.migrate()))
    await set.add(['a'])
    await set.migrate()
    expect(await allOf(set)).toEqual(['a'])
  })

  test('a missing table is told with the SQL that makes it', async () => {
    const set = new PostgresSet({ client: pool('one'), table: 'library.nowhere' })
    const error = await set.add(['a']).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'SET_COMMAND_FAILED', cause: { code: '42P01' } })
    expect((error as Error).message).toContain(postgresSetMigration({ table: 'library.nowhere' }))
  })

  test('a failure names step, table and reason, and no id', async () => {
    const client = await database.client()
    await client.query('set default_transaction_read_only to on')
    const set = new PostgresSet({ client })
    const error = await set.add(['secret']).catch((caught: unknown) => caught)
    expect((error as Error).message).toBe(
      `Postgres failed at "add" on the set's table "pg_capture_pending": 25006. This connection can only read: connect to the primary.`,
    )
  })

  test('rows of a client that are not as asked for are refused', async () => {
    const set = new PostgresSet({ client: { query: async () => ({ rows: [[1]] }) } })
    await expect(set.claim(1, 60_000)).rejects.toMatchObject({ code: 'SET_REPLY_INVALID' })
    await expect(set.acknowledge({ ids: ['a'], token: '1' })).rejects.toMatchObject({
      code: 'SET_REPLY_INVALID',
    })
  })

  test.each([
    { set: '' },
    { set: 's'.repeat(201) },
    { table: '' },
    { table: 't'.repeat(54) },
    { batchSize: 0 },
  ])('%o is refused', (options) => {
    expect(() => new PostgresSet({ client: pool('one'), ...options })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })
})

function pause(ms: number): Promise<'waiting'> {
  return new Promise((resolve) => setTimeout(() => resolve('waiting'), ms))
}

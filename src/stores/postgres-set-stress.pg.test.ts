import { expect, test } from 'vitest'
import { testDatabase } from '../../test/support/postgres.ts'
import { PostgresSet, postgresSetMigration } from './postgres-set.ts'

const database = testDatabase({ setup: postgresSetMigration() })

/**
 * Adders raise the version of a row and then add its id, as an event handler does. Claimers read the versions of what they
 * hold, and write them to a replica when they are done; some of them die in between, and some sleep past their lease. When all is
 * quiet, the replica must have the last version of each row: an add that was merged into a flight would leave an old one.
 * Statements that wait for each other would end in an error.
 */
test('adders and claimers over many connections lose nothing and hold nothing twice', async () => {
  const pools = [database.pool({ max: 7 }), database.pool({ max: 7 })]
  const setOf = (at: number): PostgresSet => new PostgresSet({ client: pools[at % 2]! })
  const rows = new Map<string, number>()
  const replica = new Map<string, number>()
  const holders = new Map<string, { until: number }>()
  const lastToken = new Map<string, bigint>()
  const tokens: bigint[] = []
  const seen = { claims: 0, crashes: 0, sleepers: 0, heldTwice: 0, olderToken: 0 }
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
  const random = (below: number): number => Math.floor(Math.random() * below)
  const lease = 400
  let adding = true

  /** Refuses older versions, without which those who slept would bring back what is past. */
  function write(built: readonly (readonly [string, number])[]): void {
    for (const [id, version] of built) replica.set(id, Math.max(version, replica.get(id) ?? 0))
  }

  async function adder(at: number): Promise<void> {
    const set = setOf(at)
    for (let burst = 0; burst < 150; burst++) {
      const ids = Array.from({ length: 1 + random(20) }, () => String(random(200)))
      for (const id of ids) rows.set(id, (rows.get(id) ?? 0) + 1)
      await set.add(ids)
      await pause(random(4))
    }
  }

  async function claimer(at: number): Promise<void> {
    const set = setOf(at)
    for (let empty = 0; adding || empty < 3;) {
      const before = performance.now()
      const claim = await set.claim(1 + random(25), lease)
      if (claim.ids.length === 0) {
        empty += 1
        await pause(lease / 2)
        continue
      }
      empty = 0
      seen.claims += 1
      tokens.push(BigInt(claim.token))
      // The lease began after `before`. Whoever hears of its claim later than that holds nothing any more.
      const until = before + lease
      for (const id of performance.now() < until ? claim.ids : []) {
        if ((holders.get(id)?.until ?? 0) > performance.now()) seen.heldTwice += 1
        if ((lastToken.get(id) ?? 0n) > BigInt(claim.token)) seen.olderToken += 1
        lastToken.set(id, BigInt(claim.token))
        holders.set(id, { until })
      }
      const built = claim.ids.map((id) => [id, rows.get(id) ?? 0] as const)
      // Every twentieth claimer dies, every twentieth sleeps.
      const fate = seen.claims % 20
      if (fate === 0) {
        seen.crashes += 1
        continue
      }
      if (fate === 1) {
        seen.sleepers += 1
        await pause(lease * 1.5)
        write(built)
        await set.acknowledge(claim)
        continue
      }
      if (fate < 5) await pause(random(10))
      if (!(await set.renew(claim, lease))) continue
      write(built)
      // Before the acknowledgement: from then on another may hold it.
      for (const id of claim.ids) holders.delete(id)
      if (fate < 8) await set.release(claim)
      else await set.acknowledge(claim)
    }
  }

  const claimers = Array.from({ length: 8 }, (_, at) => claimer(at))
  await Promise.all(Array.from({ length: 6 }, (_, at) => adder(at)))
  adding = false
  await Promise.all(claimers)

  expect(seen).toMatchObject({ heldTwice: 0, olderToken: 0 })
  expect([...rows].filter(([id, version]) => replica.get(id) !== version)).toEqual([])
  expect(new Set(tokens).size).toBe(tokens.length)
  expect(seen.crashes).toBeGreaterThan(0)
  expect(seen.sleepers).toBeGreaterThan(0)
  expect(await database.rows('select * from pg_capture_pending')).toEqual([])
}, 120_000)

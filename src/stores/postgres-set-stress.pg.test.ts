import { expect, test } from 'vitest'
import { addersAndClaimers } from '../../test/contracts/adders-and-claimers.ts'
import { testDatabase } from '../../test/support/postgres.ts'
import { PostgresSet, postgresSetMigration } from './postgres-set.ts'

const database = testDatabase({ setup: postgresSetMigration() })

test('adders and claimers over many connections lose nothing and hold nothing twice', async () => {
  const pools = [database.pool({ max: 7 }), database.pool({ max: 7 })]
  const report = await addersAndClaimers({
    setOf: (worker) => new PostgresSet({ client: pools[worker % 2]! }),
    leaseMs: 400,
    ids: 200,
    bursts: 150,
  })
  expect(report).toMatchObject({ heldTwice: 0, olderTokens: 0, lost: [] })
  for (const seen of [report.crashes, report.sleepers, report.failures, report.retries]) {
    expect(seen).toBeGreaterThan(0)
  }
  expect(await database.rows('select * from pg_capture_pending')).toEqual([])
}, 180_000)

import { expect, test } from 'vitest'
import { testDatabase } from '../../test/support/postgres.ts'
import { PostgresSet, postgresSetMigration } from './postgres-set.ts'

const database = testDatabase({ setup: postgresSetMigration() })
const held = 3_000
const few = Array.from({ length: 1_000 }, (_, at) => String(at * 97))

/** A client that shows how each statement ran, in place of its rows. */
function explaining(plans: string[]) {
  return {
    query: async (text: string, values: unknown[] = []) => {
      const { rows } = await database.query(`explain (analyze, costs off) ${text}`, values)
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'))
      return { rows: [] }
    },
  }
}

test.each(['before', 'after'])(
  'with 100,000 pending ids every statement uses an index, %s the first ANALYZE',
  async (when) => {
    await database.query('truncate pg_capture_pending')
    const set = new PostgresSet({ client: database.pool(), set: 'books' })
    await set.add(Array.from({ length: 100_000 }, (_, at) => at))
    const claim = await set.claim(held, 600_000)
    if (when === 'after') await database.query('analyze pg_capture_pending')

    const plans: string[] = []
    const explained = new PostgresSet({ client: explaining(plans), set: 'books' })
    await explained.claim(500, 600_000)
    await explained.release({ ids: claim.ids.slice(0, 1_000), token: claim.token })
    await explained.add(few)
    await explained.delete(few)
    await explained.getAll().next()
    await explained.inFlight().next()
    for (const step of [
      explained.renew(claim, 600_000),
      explained.acknowledge({ ids: claim.ids.slice(1_000, 2_000), token: claim.token }),
    ]) {
      // The plan is not a count.
      await expect(step).rejects.toMatchObject({ code: 'SET_REPLY_INVALID' })
    }

    expect(plans.length).toBe(8)
    expect(plans.join('\n\n')).not.toContain('Seq Scan')
    expect(plans[0]).toContain('pg_capture_pending_claimable')
    expect(plans[0]).toContain('pg_capture_pending_flights')
    // It reads what it takes, not all that waits.
    const read = [...plans[0]!.matchAll(/actual (?:time=\S+ )?rows=(\d+)/g)].map(([, rows]) => Number(rows))
    expect(Math.max(...read)).toBeLessThanOrEqual(500)
  },
  60_000,
)

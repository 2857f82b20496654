import { beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../../test/support/postgres.ts'
import { PostgresSet, postgresSetMigration } from './postgres-set.ts'
import { type PostgresSetStatements, postgresSetStatements } from './postgres-set-statements.ts'
import { defaultTable, postgresSetTable } from './postgres-set-table.ts'

const database = testDatabase({ setup: postgresSetMigration() })
const statements = postgresSetStatements(postgresSetTable(defaultTable))
const lease = 600_000

/** Of 100,000 ids, 3,000 are in flight, 2,000 wait and 1,000 are parked. Gives the values of each statement, but for the first. */
async function fill(): Promise<Record<keyof PostgresSetStatements, unknown[]>> {
  await database.query('truncate pg_capture_pending')
  const set = new PostgresSet({ client: database.pool(), set: 'books' })
  await set.add(Array.from({ length: 100_000 }, (_, at) => at))
  const failing = await set.claim(3_000, lease)
  await set.release({ ...failing, ids: failing.ids.slice(1_000) }, { error: 'late', retryInMs: lease })
  await set.release(failing, { error: 'bad', retryInMs: null })
  const { ids, token } = await set.claim(3_000, lease)
  const some = ids.slice(0, 1_000)
  return {
    add: [some],
    delete: [ids.map((id) => String(Number(id) + 10_000))],
    again: [],
    lastPlace: [],
    page: ['0', '90000', 500],
    flights: [],
    failed: ['-infinity', '', 500],
    backlog: [],
    claim: [500, lease],
    acknowledge: [some, token],
    release: [some, token],
    fail: [some, token, 'bad', 1_000],
    renew: [ids, token, lease],
  }
}

async function planOf(statement: string, values: readonly unknown[]): Promise<string> {
  const client = await database.client()
  try {
    await client.query('begin')
    const { rows } = await client.query(`explain (analyze, costs off) ${statement}`, ['books', ...values])
    await client.query('rollback')
    return rows.map((row: Record<string, unknown>) => row['QUERY PLAN']).join('\n')
  } finally {
    await client.end()
  }
}

const names = Object.keys(statements) as (keyof PostgresSetStatements)[]
/**
 * Which index serves, besides the primary key, and how many rows a node of the plan may read at the most: dead rows among
 * them, which vacuum has not seen yet.
 */
const expected: Partial<Record<keyof PostgresSetStatements, { indexes: string[]; rows: number }>> = {
  claim: { indexes: ['claimable', 'flights', 'failing'], rows: 501 },
  page: { indexes: ['claimable'], rows: 500 },
  lastPlace: { indexes: ['claimable'], rows: 1 },
  again: { indexes: ['flights'], rows: 10_000 },
  flights: { indexes: ['flights'], rows: 10_000 },
  // Unanalysed, it may sort what fails before it takes a page of it.
  failed: { indexes: ['failing'], rows: 3_000 },
  // What is pending, 94,000; a bitmap has the dead entries of what was claimed, too.
  backlog: { indexes: ['claimable', 'flights', 'failing'], rows: 100_000 },
}

describe.each(['before', 'after'])('with 100,000 ids, %s the first ANALYZE,', (when) => {
  let values: Record<keyof PostgresSetStatements, unknown[]>

  beforeAll(async () => {
    values = await fill()
    if (when === 'after') await database.query('analyze pg_capture_pending')
  }, 120_000)

  test.each(names)('"%s" uses indexes and reads what it takes', async (name) => {
    const plan = await planOf(statements[name], values[name])
    const { indexes, rows } = expected[name] ?? { indexes: ['pkey'], rows: 10_000 }
    // To count what is pending, where that is nearly all, a Seq Scan is right.
    expect(plan.split('Seq Scan').length - 1).toBeLessThanOrEqual(name === 'backlog' ? 1 : 0)
    for (const index of indexes) expect(plan).toContain(`pg_capture_pending_${index}`)
    const read = [...plan.matchAll(/actual (?:time=\S+ )?rows=(\d+)/g)].map(([, count]) => Number(count))
    expect(Math.max(...read)).toBeLessThanOrEqual(rows)
    expect(read.length).toBeGreaterThan(0)
  })
})

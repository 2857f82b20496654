import { expect } from 'vitest'
import { askPostgres } from '../support/left-behind.ts'
import { runExample } from './run-example.ts'

/** Plays an example, and checks what it says of its replica and that it leaves nothing in Postgres. Resolves to the name of its shop. */
export async function expectEqualReplica(
  folder: string,
  postgres: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout, stderr, shop } = await runExample(folder, { ...environment, TEST_POSTGRES_URL: postgres })
  expect(stdout).toMatch(/builder: 20 upserted, 0 deleted/)
  expect(stdout).toMatch(/builder: 19 upserted, 1 deleted/)
  expect(stdout).toMatch(/handler: asked for builds \d+ times\n/)
  expect(stdout).toMatch(/\n\nEQUAL: .*\n$/)
  expect(stderr).toBe('')
  // 522 transactions would have been as many builds.
  expect(stdout.match(/builder: /g)!.length).toBeLessThan(200)

  const left = (table: string, column: string): Promise<unknown> =>
    askPostgres(postgres, `select count(*)::int from ${table} where ${column} = '${shop}'`)
  expect(await left('pg_database', 'datname')).toBe(0)
  expect(await left('pg_replication_slots', 'slot_name')).toBe(0)
  return shop
}

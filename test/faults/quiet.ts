import { setTimeout as sleep } from 'node:timers/promises'
import { backlog } from './backlog.ts'
import type { Configuration } from './fault.ts'
import { type Difference, differences } from './judge.ts'
import type { Shop } from './shop.ts'

/** What is left when it should be quiet. */
export interface Standstill {
  /** Where something waits still; nothing: then no one will ever mend the differences. */
  readonly waiting: readonly string[]
  readonly different: readonly Difference[]
}

/** Waits until nothing waits anywhere and the replica equals the tables; resolves to what is left where that does not come. */
export async function untilQuiet(
  shop: Shop,
  configuration: Configuration,
  patienceMs: number,
): Promise<Standstill | undefined> {
  const deadline = performance.now() + patienceMs
  const { rows } = await shop.admin.query<{ lsn: string }>('SELECT pg_current_wal_insert_lsn()::text AS lsn')
  const end = rows[0]?.lsn ?? ''
  for (;;) {
    const waiting = await backlog(shop, configuration, end)
    const isLate = performance.now() > deadline
    if (waiting.length === 0 || isLate) {
      const different = await differences(shop)
      return waiting.length + different.length === 0 ? undefined : { waiting, different }
    }
    await sleep(50)
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { PgoutputSource } from 'pg-capture/sources/pgoutput'

/** Resolves once the source's stream runs. */
export async function connected(source: PgoutputSource): Promise<void> {
  while (!source.status().connected) await sleep(10)
}

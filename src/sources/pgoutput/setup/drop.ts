import { quoteIdentifier } from '../../../core/sql/identifier.ts'
import { Connection, type ConnectionOptions, ServerError } from '../connection.ts'
import { sleep } from '../../../core/capture/retry.ts'
import type { SlotAndPublication } from './find-problems.ts'

const ATTEMPTS = 20
const PAUSE_MS = 100

/** Removes slot and publication, as far as they exist. */
export async function dropSlotAndPublication(
  options: SlotAndPublication & { readonly connection: ConnectionOptions },
): Promise<void> {
  const connection = new Connection(options.connection, 'queries')
  try {
    await connection.open()
    await dropSlot(connection, options.slot)
    await connection.query(`DROP PUBLICATION IF EXISTS ${quoteIdentifier(options.publication)}`)
  } finally {
    await connection.close()
  }
}

/** The server process of a connection that has just been lost may hold the slot for a moment. */
async function dropSlot(connection: Connection, slot: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.query(
        'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT temporary',
        [slot],
      )
      return
    } catch (error) {
      const isInUse = error instanceof ServerError && error.sqlState === '55006'
      if (!isInUse || attempt === ATTEMPTS) throw error
      await sleep(PAUSE_MS)
    }
  }
}

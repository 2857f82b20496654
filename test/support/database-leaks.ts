import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'

/** Connections and replication slots that a database still has, one line each; those that are just ending get a moment. */
export async function findLeaks(admin: pg.Client, database: string): Promise<string[]> {
  const deadline = Date.now() + 2_000
  for (;;) {
    const leaks = [
      ...(await openConnections(admin, database)),
      ...(await slots(admin, database)).map(describeSlot),
    ]
    if (leaks.length === 0 || Date.now() > deadline) return leaks
    await sleep(20)
  }
}

/** Drops a database with its slots, whoever uses them. */
export async function dropDatabase(admin: pg.Client, database: string): Promise<void> {
  for (const { slot_name: slot } of await slots(admin, database)) await dropSlot(admin, slot)
  await admin.query(`drop database if exists ${database} with (force)`)
}

async function openConnections(admin: pg.Client, database: string): Promise<string[]> {
  const { rows } = await admin.query<{
    backend_type: string
    application_name: string
    state: string
    query: string
  }>(
    `select backend_type, application_name, coalesce(state, '') as state, left(query, 120) as query
     from pg_stat_activity
     where datname = $1 and backend_type in ('client backend', 'walsender')`,
    [database],
  )
  return rows.map(
    (row) =>
      `a connection (${row.backend_type}, application_name "${row.application_name}", ${row.state}): ${row.query}`,
  )
}

interface Slot {
  slot_name: string
  active_pid: number | null
}

async function slots(admin: pg.Client, database: string): Promise<Slot[]> {
  const { rows } = await admin.query<Slot>(
    'select slot_name, active_pid from pg_replication_slots where database = $1',
    [database],
  )
  return rows
}

function describeSlot({ slot_name: name }: Slot): string {
  return `the replication slot "${name}"`
}

async function dropSlot(admin: pg.Client, slot: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await admin.query(
        `select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1 and active_pid is not null`,
        [slot],
      )
      await admin.query(
        'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1',
        [slot],
      )
      return
    } catch (error) {
      if (attempt === 50) throw error
      await sleep(20)
    }
  }
}

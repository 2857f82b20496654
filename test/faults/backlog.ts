import { createClient } from 'redis'
import { rootSchemas } from './bookshop.ts'
import type { Configuration } from './fault.ts'
import type { Shop } from './shop.ts'

/**
 * Where something up to the WAL position `end` still waits, one line each; nothing where all is done. Read past pg-capture, from
 * the servers themselves.
 */
export async function backlog(shop: Shop, { set, setIn }: Configuration, end: string): Promise<string[]> {
  const lines = await unconfirmed(shop, end)
  switch (set) {
    case 'memory':
      // What waits in the process shows as a position that is not confirmed.
      return lines
    case 'postgres':
      return [...lines, ...(await inPostgres(shop, setIn))]
    case 'ioredis':
    case 'node-redis':
      return [...lines, ...(await inRedis(shop))]
    default:
      return set satisfies never
  }
}

async function unconfirmed({ admin, scope }: Shop, end: string): Promise<string[]> {
  const { rows } = await admin.query<{ bytes: string; active: boolean }>(
    `SELECT pg_wal_lsn_diff($2::pg_lsn, confirmed_flush_lsn)::text AS bytes, active
     FROM pg_replication_slots WHERE slot_name = $1`,
    [scope, end],
  )
  const [slot] = rows
  if (slot === undefined) return [`the slot "${scope}" is gone`]
  const bytes = Number(slot.bytes)
  return bytes > 0 ? [`the slot is ${bytes} bytes behind (${slot.active ? 'in use' : 'not in use'})`] : []
}

async function inPostgres(shop: Shop, setIn: Configuration['setIn']): Promise<string[]> {
  const pool = setIn === 'captured database' ? shop.admin : shop.replica
  const { rows } = await pool.query<{ line: string }>(
    `SELECT 'the set "' || "set" || '" holds ' || count(place) || ' pending ids and ' || count(token) || ' in flight' AS line
     FROM pg_capture_pending GROUP BY "set"`,
  )
  return rows.map(({ line }) => line)
}

async function inRedis({ scope, servers }: Shop): Promise<string[]> {
  const client = createClient({ url: servers.redis })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const lines: string[] = []
    for (const { table } of rootSchemas) {
      const key = `${scope}:${table}`
      const pending = await client.sCard(key)
      const flights = await client.zCard(`{${key}}:flights`)
      const tokens = await client.hLen(`{${key}}:tokens`)
      const again = await client.sCard(`{${key}}:again`)
      if (pending + flights + tokens + again === 0) continue
      lines.push(
        `the set "${key}" holds ${pending} pending ids, ${flights} in flight, ${tokens} tokens and ${again} pending again`,
      )
    }
    return lines
  } finally {
    client.destroy()
  }
}

import { createClient, type RedisClientType } from 'redis'
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

/** Whatever state an id is in, it has a row as long as it waits. */
async function inPostgres(shop: Shop, setIn: Configuration['setIn']): Promise<string[]> {
  const pool = setIn === 'captured database' ? shop.admin : shop.replica
  const { rows } = await pool.query<{ line: string }>(
    `SELECT 'the set "' || "set" || '" holds ' || count(*) || ' ids, ' || count(token) || ' of them in flight' AS line
     FROM pg_capture_pending GROUP BY "set"`,
  )
  return rows.map(({ line }) => line)
}

/** Whatever state an id is in, it is in one of the keys beside the set as long as it waits. */
async function inRedis({ scope, servers }: Shop): Promise<string[]> {
  const client = createClient({ url: servers.redis })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const lines: string[] = []
    for await (const keys of client.scanIterator({ MATCH: `*${scope}:*` })) {
      for (const key of keys) {
        const count = await members(client, key)
        if (count > 0) lines.push(`the key "${key}" has ${count} members`)
      }
    }
    return lines.sort()
  } finally {
    client.destroy()
  }
}

async function members(client: RedisClientType, key: string): Promise<number> {
  switch (await client.type(key)) {
    case 'set':
      return client.sCard(key)
    case 'zset':
      return client.zCard(key)
    case 'hash':
      return client.hLen(key)
    default:
      // A text holds a number, of a token or a time.
      return 0
  }
}

import { createClient } from 'redis'
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

/** The members of every key whose name holds the scope, all at one moment: an id that moves from key to key is in one of them. */
const membersOfKeys = `
  local cards = { set = 'SCARD', zset = 'ZCARD', hash = 'HLEN' }
  local found = {}
  for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
    -- A text holds a number, of a token or a time.
    local card = cards[redis.call('TYPE', key).ok]
    if card then table.insert(found, key .. '" has ' .. redis.call(card, key)) end
  end
  return found`

/** Whatever state an id is in, it is in one of the keys beside the set as long as it waits. */
async function inRedis({ scope, servers }: Shop): Promise<string[]> {
  const client = createClient({ url: servers.redis })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const found = await client.eval(membersOfKeys, { arguments: [`*${scope}:*`] })
    return (found as string[]).map((key) => `the key "${key} members`).toSorted()
  } finally {
    client.destroy()
  }
}

import { CaptureError } from '../errors/capture-error.ts'
import type { WALEvent } from '../events/wal-event.ts'

/** What an event tells of its transaction: its number, the position of its commit, both, or nothing. */
export interface TransactionPosition {
  readonly xid: bigint | undefined
  readonly lsn: bigint | undefined
}

/**
 * The positions of the events, each once.
 *
 * @throws CaptureError `EVENT_MALFORMED` for an `xid` or `lsn` that no transaction has.
 */
export function transactionPositionsOf(events: readonly WALEvent[]): TransactionPosition[] {
  const positions = new Map<string, TransactionPosition>()
  for (const { xid, lsn } of events) {
    const key = `${xid ?? ''} ${lsn ?? ''}`
    if (positions.has(key)) continue
    positions.set(key, {
      xid: isTold(xid) ? readXid(xid) : undefined,
      lsn: isTold(lsn) ? readLsn(lsn) : undefined,
    })
  }
  return [...positions.values()]
}

const EPOCH = 1n << 32n

/** A 32-bit id as the 64-bit one that is nearest to `near`: ids in use are never half an epoch apart. */
export function widenXid(xid: bigint, near: bigint): bigint {
  if (xid >= EPOCH) return xid
  const full = near - (near % EPOCH) + xid
  // Before the first epoch there is none.
  if (full > near + EPOCH / 2n && full >= EPOCH) return full - EPOCH
  if (full + EPOCH / 2n < near) return full + EPOCH
  return full
}

/** @throws CaptureError `EVENT_MALFORMED`. */
export function readLsn(lsn: string): bigint {
  const [, high, low] = /^([\da-f]{1,8})\/([\da-f]{1,8})$/i.exec(lsn) ?? []
  const position = high && low ? (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`) : 0n
  // 0/0 is what Postgres writes for none, and every server has replayed more than that.
  if (position > 0n) return position
  throw new CaptureError('EVENT_MALFORMED', 'This is no row event: "lsn" has to look like 16/B374D848.')
}

/** No transaction has one of the first three ids of an epoch; a 0 stands for none, and would seem complete. */
const FIRST_XID = 3n

function readXid(xid: number | string): bigint {
  const isExact = typeof xid !== 'number' || Number.isSafeInteger(xid)
  if (isExact && /^\d+$/.test(String(xid)) && BigInt(xid) % EPOCH >= FIRST_XID) return BigInt(xid)
  throw new CaptureError(
    'EVENT_MALFORMED',
    'This is no row event: "xid" has to be the number of a transaction. Leave it out where it is not known.',
  )
}

/** Events that come from JSON may have a null here. */
function isTold<Value>(value: Value | null | undefined): value is Value {
  return value !== undefined && value !== null
}

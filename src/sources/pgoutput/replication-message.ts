import { CaptureError } from '../../core/errors/capture-error.ts'
import { postgresNow } from './postgres-time.ts'

/** What the server sends on a replication connection: a piece of the plugin's output, or a sign of life. */
export type ReplicationMessage =
  | {
      readonly kind: 'data'
      readonly position: bigint
      /** Where in the bytes the plugin's output begins. */
      readonly start: number
    }
  | {
      readonly kind: 'keepalive'
      /** Everything that ends before it and that the publication holds has been sent. */
      readonly walEnd: bigint
      readonly wantsReply: boolean
    }

const DATA_HEADER_BYTES = 25
const KEEPALIVE_BYTES = 18

/** After the PostgreSQL documentation, "Streaming Replication Protocol". */
export function parseReplicationMessage(bytes: Buffer): ReplicationMessage {
  const tag = bytes[0]
  if (tag === 0x77 && bytes.length >= DATA_HEADER_BYTES) {
    return { kind: 'data', position: bytes.readBigUInt64BE(1), start: DATA_HEADER_BYTES }
  }
  if (tag === 0x6b && bytes.length >= KEEPALIVE_BYTES) {
    return { kind: 'keepalive', walEnd: bytes.readBigUInt64BE(1), wantsReply: bytes[17] === 1 }
  }
  throw new CaptureError(
    'PGOUTPUT_UNEXPECTED_MESSAGE',
    `A replication message of ${bytes.length} bytes with tag ${tag ?? 'none'} is none that Postgres sends.`,
  )
}

/** Tells the server what was received, and what may be forgotten; it can be asked for a sign of life. */
export function standbyStatus(received: bigint, confirmed: bigint, wantsReply: boolean): Buffer {
  const bytes = Buffer.allocUnsafe(34)
  bytes[0] = 0x72
  bytes.writeBigUInt64BE(received > confirmed ? received : confirmed, 1)
  bytes.writeBigUInt64BE(confirmed, 9)
  bytes.writeBigUInt64BE(confirmed, 17)
  bytes.writeBigInt64BE(postgresNow(), 25)
  bytes[33] = wantsReply ? 1 : 0
  return bytes
}

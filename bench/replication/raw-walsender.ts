import type { Duplex } from 'node:stream'
import pg from 'pg'

/** What `pg` has below its client and does not type. */
interface Protocol {
  readonly stream: Duplex
  on(event: 'copyData', listener: (message: { chunk: Buffer }) => void): void
  once(event: 'replicationStart', listener: () => void): void
  sendCopyFromChunk(chunk: Buffer): void
}

const HEADER_BYTES = 25

export interface RawReading {
  readonly url: string
  readonly slot: string
  readonly publication: string
  readonly onStart?: () => void
  /** Called with each message of pgoutput; `kind` is its first letter. Reading ends when it returns true. */
  readonly onMessage: (kind: string, message: Buffer) => boolean
}

/** Reads a slot to the end that `onMessage` tells, with nothing done to the rows: what the connection gives at most. */
export async function readRaw({ url, slot, publication, onStart, onMessage }: RawReading): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    replication: 'database',
  } as pg.ClientConfig)
  // Hanging up while it streams is an error to pg.
  client.on('error', () => undefined)
  await client.connect()
  const protocol = (client as unknown as { connection: Protocol }).connection
  await new Promise<void>((resolve, reject) => {
    protocol.once('replicationStart', () => onStart?.())
    protocol.on('copyData', ({ chunk }) => {
      if (chunk[0] === 0x6b) {
        if (chunk[17] === 1) protocol.sendCopyFromChunk(status(chunk.readBigUInt64BE(1)))
      } else if (
        onMessage(String.fromCharCode(chunk[HEADER_BYTES] as number), chunk.subarray(HEADER_BYTES))
      ) {
        resolve()
      }
    })
    const options = `proto_version '1', publication_names '"${publication}"'`
    client.query(`START_REPLICATION SLOT ${slot} LOGICAL 0/0 (${options})`).catch(reject)
  })
  protocol.stream.destroy()
}

/** A sign of life that confirms nothing. */
function status(received: bigint): Buffer {
  const bytes = Buffer.alloc(34)
  bytes[0] = 0x72
  bytes.writeBigUInt64BE(received, 1)
  return bytes
}

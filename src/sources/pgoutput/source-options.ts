import { CaptureError } from '../../core/errors/capture-error.ts'
import type { ConnectionOptions } from './connection.ts'
import type { SourceEvent } from './source-event.ts'

export interface PgoutputSourceOptions {
  /** An URL or `pg`'s client configuration, of a role with REPLICATION. Poolers don't pass replication on. */
  readonly connection: ConnectionOptions
  /** @defaultValue `'pg_capture'` */
  readonly slot?: string
  /** @defaultValue `'pg_capture'` */
  readonly publication?: string
  /** Whether a missing slot is created at the first connection. @defaultValue `true` */
  readonly createSlot?: boolean
  /** Whether a missing publication is created. An existing one is never changed. @defaultValue `true` */
  readonly createPublication?: boolean
  /** A slot that ends with its connection: for demos and tests, since a lost connection then loses changes. @defaultValue `false` */
  readonly temporary?: boolean
  /**
   * What to do where an UPDATE or DELETE does not tell an old value that is needed: stop with an error, or warn once for
   * each table and deliver it with that column absent. @defaultValue `'require'`
   */
  readonly oldRow?: 'require' | 'warn'
  /** Rows that may wait for the consumer, and rows in a part of a large transaction. @defaultValue `5000` */
  readonly chunkRows?: number
  /** The same limit in bytes as they come over the wire. @defaultValue 8 MiB */
  readonly highWaterBytes?: number
  /**
   * Milliseconds between checks, while streaming, that the publication still has every table and old rows are still told:
   * Postgres says nothing when it stops sending. 0 for none. @defaultValue `60_000`
   */
  readonly checkIntervalMs?: number
  /** Told what happens. What it throws ends the stream. */
  readonly onEvent?: (event: SourceEvent) => void
  /**
   * Told of every failure that is tried again after, and of warnings. @defaultValue that of the `Capture` or other consumer,
   * else `console.error`
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

const DEFAULTS = {
  slot: 'pg_capture',
  publication: 'pg_capture',
  createSlot: true,
  createPublication: true,
  temporary: false,
  oldRow: 'require',
  chunkRows: 5_000,
  highWaterBytes: 8 * 1024 * 1024,
  checkIntervalMs: 60_000,
  onEvent: (): void => {},
  onError: undefined,
} as const

export function completeOptions(options: PgoutputSourceOptions): Required<PgoutputSourceOptions> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const complete: Required<PgoutputSourceOptions> = { ...DEFAULTS, ...options, ...given }
  if (!complete.connection) throw invalid('connection is missing; give an URL or pg client options')
  // Postgres allows no other names, so the slot's name needs no quoting anywhere.
  if (!/^[a-z0-9_]{1,63}$/.test(complete.slot)) {
    throw invalid(`slot "${complete.slot}" may have only a-z, 0-9 and _, 63 of them at most`)
  }
  if (complete.publication.length === 0) throw invalid('publication is empty')
  for (const name of ['chunkRows', 'highWaterBytes'] as const) {
    if (!(complete[name] >= 1)) throw invalid(`${name} is ${complete[name]}; it must be at least 1`)
  }
  if (!(complete.checkIntervalMs >= 0))
    throw invalid(`checkIntervalMs is ${complete.checkIntervalMs}; it must be 0 or more`)
  return complete
}

function invalid(what: string): CaptureError {
  return new CaptureError('OPTION_INVALID', `PgoutputSource: ${what}.`)
}

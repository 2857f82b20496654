import type { Duplex } from 'node:stream'
import type { ClientConfig } from 'pg'
import pg from 'pg'

/** How to reach the server: an URL, or what `new pg.Client()` takes. */
export type ConnectionOptions = string | ClientConfig

/** What Postgres, or the way to it, answered instead of a result. */
export class ServerError extends Error {
  /** SQLSTATE; absent where the connection itself failed. */
  readonly sqlState: string | undefined

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message || cause.name : String(cause), { cause })
    this.name = 'ServerError'
    this.sqlState = cause instanceof pg.DatabaseError ? cause.code : undefined
  }
}

const CONNECT_TIMEOUT_MS = 10_000
const CLOSE_TIMEOUT_MS = 2_000

/** The part of `pg`'s connection below its client that replication needs and its types leave out. */
interface ProtocolConnection {
  readonly stream: Duplex
  on(event: 'copyData', listener: (message: { chunk: Buffer }) => void): void
  once(event: 'replicationStart' | 'end', listener: () => void): void
  sendCopyFromChunk(chunk: Buffer): void
  end(): void
}

/** One connection to Postgres. Closing is safe at any time, also while it connects. */
export class Connection {
  readonly #client: pg.Client
  readonly #protocol: ProtocolConnection
  readonly #lost: Promise<never>
  #isReady = false
  #isOpen = true

  constructor(options: ConnectionOptions, purpose: 'queries' | 'replication') {
    const given: ClientConfig = typeof options === 'string' ? { connectionString: options } : options
    const config: ClientConfig & { replication?: string } = {
      fallback_application_name: 'pg-capture',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      ...given,
      // Settings of the application for its own queries, not for one that lasts as long as the process.
      ...(purpose === 'replication'
        ? { replication: 'database', query_timeout: 0, statement_timeout: 0 as const }
        : {}),
    }
    this.#client = new pg.Client(config)
    this.#protocol = (this.#client as unknown as { connection: ProtocolConnection }).connection
    this.#lost = new Promise((_, reject) => {
      this.#client.on('error', (error) => reject(new ServerError(error)))
      this.#client.on('end', () => reject(new ServerError(new Error('The server closed the connection.'))))
    })
    // Whoever waits for something also sees the loss; here it only must not count as unhandled.
    this.#lost.catch(() => {})
  }

  /** The server process at the other end, as `pg_stat_activity` names it. */
  get processId(): number {
    return (this.#client as unknown as { processID: number | null }).processID ?? 0
  }

  async open(): Promise<void> {
    try {
      await this.#client.connect()
      this.#isReady = true
    } catch (error) {
      throw new ServerError(error)
    }
  }

  /** Runs one statement and gives its rows as text. A replication connection takes no parameters. */
  async query(sql: string, parameters?: readonly string[]): Promise<Record<string, string | null>[]> {
    try {
      const result = await this.#client.query({
        text: sql,
        ...(parameters ? { values: [...parameters] } : {}),
        types: { getTypeParser: () => (text: string) => text },
      })
      return result.rows as Record<string, string | null>[]
    } catch (error) {
      throw new ServerError(error)
    }
  }

  /**
   * Begins to stream. Resolves when the server ends the stream, as when it shuts down, and throws when the connection is
   * lost. `onStart` is called once the server has accepted, `onData` for each message, in bytes that are valid only during
   * the call; neither may throw.
   */
  async stream(sql: string, onStart: () => void, onData: (bytes: Buffer) => void): Promise<void> {
    this.#protocol.once('replicationStart', onStart)
    this.#protocol.on('copyData', (message) => onData(message.chunk))
    const ended = this.#client.query(sql).then(
      () => undefined,
      (error: unknown) => {
        throw new ServerError(error)
      },
    )
    await Promise.race([ended, this.#lost])
  }

  send(bytes: Buffer): void {
    if (this.#isOpen && this.#protocol.stream.writable) this.#protocol.sendCopyFromChunk(bytes)
  }

  pause(): void {
    this.#protocol.stream.pause()
  }

  resume(): void {
    this.#protocol.stream.resume()
  }

  /** Says goodbye and waits until the server has closed, so that its slot is free; after two seconds hangs up. */
  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    const { stream } = this.#protocol
    if (stream.destroyed) return
    if (!this.#isReady) {
      stream.destroy()
      return
    }
    await new Promise<void>((resolve) => {
      const hangUp = setTimeout(() => stream.destroy(), CLOSE_TIMEOUT_MS)
      stream.once('close', () => {
        clearTimeout(hangUp)
        resolve()
      })
      // Not the client's own end(): with a statement running, as START_REPLICATION is, it hangs up at once.
      this.#protocol.end()
      stream.resume()
    })
  }
}

import type { Duplex } from 'node:stream'
import type { ClientConfig } from 'pg'
import pg from 'pg'
import { CaptureError } from '../../core/errors/capture-error.ts'

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

type TextRow = Record<string, string | null>

const CONNECT_TIMEOUT_MS = 10_000
const CLOSE_TIMEOUT_MS = 2_000

/** The part of `pg`'s connection below its client that replication needs and its types leave out. */
interface ProtocolConnection {
  readonly stream: Duplex
  on(event: 'copyData', listener: (message: { chunk: Buffer }) => void): void
  once(event: 'replicationStart', listener: () => void): void
  sendCopyFromChunk(chunk: Buffer): void
  end(): void
}

interface ProtocolClient {
  readonly connection: ProtocolConnection
  readonly processID: number | null
}

/** One connection to Postgres. Closing is safe at any time, also before it is open and while it opens. */
export class Connection {
  readonly #client: pg.Client
  readonly #protocol: ProtocolConnection
  readonly #lost: Promise<never>
  #isReady = false
  #isBusy = false
  #closing: Promise<void> | undefined

  constructor(options: ConnectionOptions, purpose: 'queries' | 'replication') {
    this.#client = createClient(options, purpose)
    this.#protocol = (this.#client as unknown as ProtocolClient).connection
    this.#lost = new Promise((_, reject) => {
      this.#client.on('error', (error) => reject(new ServerError(error)))
      this.#client.on('end', () => reject(new ServerError(new Error('The server closed the connection.'))))
    })
    // Whoever waits for something sees the loss; when nobody waits, it is no unhandled rejection.
    this.#lost.catch(() => {})
  }

  /** The server process at the other end, as `pg_stat_activity` names it. */
  get processId(): number {
    return (this.#client as unknown as ProtocolClient).processID ?? 0
  }

  /** Whether a statement of `query` is running. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  async open(): Promise<void> {
    if (this.#closing) throw new ServerError(new Error('The connection was closed before it was open.'))
    try {
      await this.#client.connect()
      this.#isReady = true
    } catch (error) {
      throw new ServerError(error)
    }
  }

  /** Runs one statement and gives its rows, all values as text. A replication connection takes no parameters. */
  async query(sql: string, parameters: readonly string[] = []): Promise<TextRow[]> {
    this.#isBusy = true
    try {
      const result = await this.#client.query<TextRow>({
        text: sql,
        ...(parameters.length > 0 ? { values: [...parameters] } : {}),
        types: { getTypeParser: () => (text: string) => text },
      })
      return result.rows
    } catch (error) {
      throw new ServerError(error)
    } finally {
      this.#isBusy = false
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
    if (!this.#closing && this.#protocol.stream.writable) this.#protocol.sendCopyFromChunk(bytes)
  }

  pause(): void {
    if (!this.#closing) this.#protocol.stream.pause()
  }

  resume(): void {
    this.#protocol.stream.resume()
  }

  /** Says goodbye and waits until the server has closed, so that its slot is free; after two seconds hangs up. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
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
      // Not the client's own end(): while a statement runs, as START_REPLICATION does, it hangs up at once.
      this.#protocol.end()
      // A paused socket would never see the server close, and a server that still has to send would not close.
      stream.resume()
    })
  }
}

function createClient(options: ConnectionOptions, purpose: 'queries' | 'replication'): pg.Client {
  const given: ClientConfig = typeof options === 'string' ? { connectionString: options } : options
  const config: ClientConfig = {
    fallback_application_name: 'pg-capture',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    ...given,
  }
  // Time limits are the application's for its own statements, not for one that lasts as long as the process.
  const replication = { replication: 'database', query_timeout: 0, statement_timeout: 0 } as const
  try {
    return new pg.Client(purpose === 'replication' ? { ...config, ...replication } : config)
  } catch {
    // Not as the cause: it may hold the URL, and that the password.
    throw new CaptureError(
      'OPTION_INVALID',
      'PgoutputSource: connection is no URL or configuration that pg understands.',
    )
  }
}

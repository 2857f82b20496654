import { Connection, type ConnectionOptions } from './connection.ts'

/** The connections that a source has open, so that stopping it can close them whatever they are at. */
export class Connections {
  readonly #options: ConnectionOptions
  readonly #open = new Set<Connection>()
  #isClosed = false

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  /** Opens no connection once `close` was called, but still makes the object, on which everything fails. */
  create(purpose: 'queries' | 'replication'): Connection {
    const connection = new Connection(this.#options, purpose)
    if (this.#isClosed) void connection.close()
    else this.#open.add(connection)
    return connection
  }

  async release(connection: Connection): Promise<void> {
    await connection.close()
    this.#open.delete(connection)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(Array.from(this.#open, (connection) => this.#cancelAndClose(connection)))
  }

  /** A statement may wait for long: the creation of a slot does so for every transaction that is open on the server. */
  async #cancelAndClose(connection: Connection): Promise<void> {
    if (connection.isBusy) {
      const canceller = new Connection(this.#options, 'queries')
      try {
        await canceller.open()
        await canceller.query('SELECT pg_cancel_backend($1)', [String(connection.processId)])
      } catch {
        // Then the server finds out by itself that nobody waits any more.
      } finally {
        await canceller.close()
      }
    }
    await connection.close()
  }
}

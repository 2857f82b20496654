import { Capture, EventAggregator } from 'pg-capture'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import pg from 'pg'
import { type Root, rootNames, roots } from './bookshop.ts'
import { Journal } from './journal.ts'
import { heartbeatTable, WatchedSource } from './watched-source.ts'

/** Captures the shop's changes into a journal: two root schemas, one replication slot. */
export class BookshopCapture {
  readonly journal: Journal = new Journal()
  readonly #pool: pg.Pool
  readonly #capture: Capture
  readonly #ended: Promise<never>
  readonly #connected: Promise<void>
  #waiting: { readonly heartbeat: number; readonly resolve: () => void }[] = []
  #heartbeat = 0
  #onSettled = (): void => {}

  private constructor(url: string, onTrouble: (error: unknown) => void) {
    this.#pool = new pg.Pool({ connectionString: url, application_name: 'pg-capture demo' })
    this.#pool.on('error', onTrouble)

    let connected = (): void => {}
    this.#connected = new Promise((resolve) => {
      connected = resolve
    })
    const source = new PgoutputSource({
      connection: url,
      slot: 'bookshop',
      publication: 'bookshop',
      onEvent: (event) => {
        if (event.type === 'connected') connected()
      },
    })
    const watched = new WatchedSource(source, {
      delivered: (events) => this.journal.delivered(events),
      settled: (heartbeat) => this.#settled(heartbeat),
    })
    this.#capture = new Capture({
      source: watched,
      aggregators: rootNames.map((root) => this.#aggregator(root)),
      onError: onTrouble,
      stopTimeoutMs: 1_000,
    })
    this.#ended = this.#capture.run().then(() => {
      throw new Error('The capture was stopped.')
    })
    // Whoever waits for something hears of it; here it only must not count as unhandled.
    this.#ended.catch(() => undefined)
  }

  /** Resolves when the slot is there and the server has begun to send: no later change is missed. */
  static async start(url: string, onTrouble: (error: unknown) => void): Promise<BookshopCapture> {
    const client = new pg.Client(url)
    await client.connect()
    await client.query(heartbeatTable)
    await client.end()
    const capture = new BookshopCapture(url, onTrouble)
    await Promise.race([capture.#connected, capture.#ended])
    return capture
  }

  /** Resolves when the changes of all that was committed before the call have come out. */
  async settle(): Promise<void> {
    const { rows } = await this.#pool.query<{ id: number }>(
      'INSERT INTO heartbeat DEFAULT VALUES RETURNING id',
    )
    const heartbeat = rows[0]?.id ?? 0
    if (heartbeat <= this.#heartbeat) return
    const settled = new Promise<void>((resolve) => this.#waiting.push({ heartbeat, resolve }))
    await Promise.race([settled, this.#ended])
  }

  /** Calls back whenever something has come out, until the capture ends; rejects when it fails. */
  async watch(onSettled: () => void): Promise<never> {
    this.#onSettled = onSettled
    return this.#ended
  }

  async stop(): Promise<void> {
    await this.#capture.stop()
    await this.#pool.end()
  }

  #aggregator(root: Root): EventAggregator {
    return new EventAggregator({
      schema: roots[root],
      client: this.#pool,
      onChange: (changes) => this.journal.emitted(root, changes),
      onTruncate: () => this.journal.truncated(root),
    })
  }

  #settled(heartbeat: number): void {
    this.#heartbeat = heartbeat
    for (const { resolve } of this.#waiting.filter((waiting) => waiting.heartbeat <= heartbeat)) resolve()
    this.#waiting = this.#waiting.filter((waiting) => waiting.heartbeat > heartbeat)
    this.#onSettled()
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Picks } from '../oracle/arbitrary/picks.ts'
import { transaction } from './transactions.ts'

/** Two writers that change the shop in random transactions, for as long as they are let. Their statements come from the seed alone. */
export class WriteLoad {
  readonly counts = { committed: 0, 'rolled back': 0, failed: 0 }
  readonly #url: string
  readonly #stopping = new AbortController()
  readonly #writers: readonly Promise<void>[]

  constructor(url: string, seed: number) {
    this.#url = url
    this.#writers = [1, 2].map((number) => this.#write(new Picks(seed + number)))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#writers)
  }

  async #write(picks: Picks): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const client = new pg.Client({ connectionString: this.#url, options: '-c lock_timeout=2s' })
      // The statement that it fails tells of it.
      client.on('error', () => undefined)
      try {
        await client.connect()
        while (!signal.aborted) await this.#run(client, picks)
      } catch {
        // The server is down: whatever it has of the last transaction, it has whole or not at all.
        await sleep(50)
      } finally {
        await client.end().catch(() => undefined)
      }
    }
  }

  async #run(client: pg.Client, picks: Picks): Promise<void> {
    const { statements, end, openMs, pauseMs } = transaction(picks)
    try {
      await client.query('BEGIN')
      for (const statement of statements) await client.query(statement)
      if (openMs > 0) await sleep(openMs)
      await client.query(end)
      this.counts[end === 'COMMIT' ? 'committed' : 'rolled back'] += 1
    } catch (error) {
      this.counts.failed += 1
      // A deadlock between the two, say. Where the connection is gone, this throws as well.
      if (!(error instanceof pg.DatabaseError)) throw error
      await client.query('ROLLBACK')
    }
    await sleep(pauseMs)
  }
}

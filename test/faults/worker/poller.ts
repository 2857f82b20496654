import { setTimeout as sleep } from 'node:timers/promises'
import type { EventAggregator } from 'pg-capture'
import pg from 'pg'

export interface Poller {
  stop(): Promise<void>
}

const SWEEP_MS = 500

/** Builds when a NOTIFY asks for it, and every half second whether it does or not: the scheduling of those who have Postgres alone. */
export function pollBuilds(
  aggregator: EventAggregator,
  listener: Listener,
  onError: (error: unknown) => void,
): Poller {
  const stopping = new AbortController()
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const asked = listener.asked()
      try {
        await aggregator.buildObjects()
      } catch (error) {
        onError(error)
        // A failure is not tried again at once, however often it is asked for.
        await sleep(SWEEP_MS / 5)
      }
      await Promise.race([asked, sleep(SWEEP_MS, undefined, { ref: false })])
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** Listens for NOTIFY, and connects again when the connection was lost. */
export class Listener {
  readonly #url: string
  readonly #channel: string
  #client: pg.Client | undefined
  #isClosed = false
  #waiting: (() => void)[] = []

  constructor(url: string, channel: string) {
    this.#url = url
    this.#channel = channel
  }

  /** Resolves at the next notification. */
  asked(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  async listen(): Promise<void> {
    while (!this.#isClosed) {
      const client = new pg.Client(this.#url)
      this.#client = client
      const lost = new Promise<void>((resolve) => {
        client.on('error', () => resolve())
        client.on('end', () => resolve())
      })
      client.on('notification', () => {
        for (const resolve of this.#waiting.splice(0)) resolve()
      })
      try {
        await client.connect()
        await client.query(`LISTEN "${this.#channel}"`)
        await lost
      } catch {
        await client.end().catch(() => undefined)
      }
      await sleep(200)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#client?.end().catch(() => undefined)
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { buildRegularly, type EventAggregator } from 'pg-capture'
import pg from 'pg'

export interface AskedBuildsParameters {
  readonly aggregators: readonly EventAggregator[]
  readonly url: string
  readonly channel: string
  readonly onError: (error: unknown) => void
}

/** The scheduling of those who have Postgres alone: builds when a NOTIFY asks for it, and by a sweep whether it does or not. */
export function buildWhenAsked({ aggregators, url, channel, onError }: AskedBuildsParameters): {
  stop(): Promise<void>
} {
  const stopping = new AbortController()
  const sweeps = aggregators.map((aggregator) => buildRegularly(aggregator, { sweepMs: 1_000, onError }))
  const build = (): void => {
    for (const aggregator of aggregators) aggregator.buildObjects().catch(onError)
  }
  const listening = listen(url, channel, build, stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await Promise.all([listening, ...sweeps.map((sweep) => sweep.stop())])
    },
  }
}

/** Listens until it is stopped, and connects again when the connection was lost. */
async function listen(
  url: string,
  channel: string,
  onNotice: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const client = new pg.Client(url)
    const lost = new Promise<void>((resolve) => {
      for (const event of ['error', 'end'] as const) client.on(event, () => resolve())
      signal.addEventListener('abort', () => resolve())
    })
    client.on('notification', onNotice)
    try {
      await client.connect()
      await client.query(`LISTEN "${channel}"`)
      await lost
    } catch {
      // The server is down.
    } finally {
      await client.end().catch(() => undefined)
    }
    await sleep(200, undefined, { signal }).catch(() => undefined)
  }
}

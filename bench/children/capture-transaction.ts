import { Capture, EventAggregator, prepared, type WALEvent } from 'pg-capture'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import pg from 'pg'
import { bookSchema } from '../bookshop.ts'
import { reviewTable } from '../replication/review-updates.ts'

/** What the parent asks for. */
export interface TransactionTask {
  readonly url: string
  readonly slot: string
  readonly publication: string
  /** `whole`: what people write first, all events of the transaction in one array. */
  readonly way: 'ours' | 'whole'
  readonly rows: number
  readonly objects: number
}

/** What it was told at the end. */
export interface TransactionOutcome {
  readonly growthMiB: number
  readonly seconds: number
}

const task = JSON.parse(process.argv[2] ?? '') as TransactionTask
const client = new pg.Client(task.url)
await client.connect()
const source = new PgoutputSource({
  connection: task.url,
  slot: task.slot,
  publication: task.publication,
})
globalThis.gc?.()
const before = process.memoryUsage.rss()
let peak = before
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 10)
const startedAt = performance.now()
await (task.way === 'ours' ? capture() : holdWhole())
clearInterval(watch)
peak = Math.max(peak, process.memoryUsage.rss())
const outcome: TransactionOutcome = {
  growthMiB: (peak - before) / 2 ** 20,
  seconds: (performance.now() - startedAt) / 1_000,
}
process.send?.(outcome)
process.disconnect()
await client.end()

/** From the slot to onChange, until each object of the transaction was built after its last change. */
async function capture(): Promise<void> {
  const built = new Set<string>()
  let done = (): void => undefined
  const finished = new Promise<void>((resolve) => {
    done = resolve
  })
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client: prepared(client),
    onChange: ({ upsert }) => {
      for (const { id } of upsert) built.add(id)
      if (built.size >= task.objects) done()
    },
  })
  const running = new Capture({ source, aggregators: [aggregator] })
  const run = running.run()
  await Promise.race([finished, run])
  await running.stop()
  await run
}

async function holdWhole(): Promise<void> {
  const events: WALEvent[] = []
  for await (const chunk of source.stream([reviewTable])) {
    for (const event of chunk.events) events.push(event)
    if (chunk.acknowledge !== undefined && events.length >= task.rows) break
  }
  if (events.length < task.rows) throw new Error('The stream has ended early')
}

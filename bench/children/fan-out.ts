import { EventAggregator, type IdsSet, prepared, type RootSchema } from 'pg-capture'
import pg from 'pg'

/** What the parent asks for: an event of the one row that all leaves show. */
export interface FanOutTask {
  readonly url: string
}

export interface FanOutOutcome {
  readonly ids: number
  readonly growthMiB: number
  readonly seconds: number
}

/** A leaf shows the name of the one row on top. */
const schema: RootSchema = {
  table: 'leaf',
  primaryKey: 'id',
  schema: {
    type: 'many-to-one',
    column: 'top_id',
    referencesTable: 'top',
    referencesColumn: 'id',
    hasFKConstraint: true,
    schema: { type: 'column', column: 'name' },
  },
}

/** Takes the ids and keeps none: what is measured is the way to it. */
class CountingSet implements IdsSet {
  readonly durable = true
  count = 0

  add(ids: readonly unknown[]): void {
    this.count += ids.length
  }

  getAll(): unknown[][] {
    return []
  }

  delete(): void {}
}

const { url } = JSON.parse(process.argv[2] ?? '') as FanOutTask
const client = new pg.Client(url)
await client.connect()
const idsSet = new CountingSet()
const aggregator = new EventAggregator({
  schema,
  client: prepared(client),
  idsSet,
  unpositionedEvents: { delayMs: 0 },
  scheduleBuildObjects: () => undefined,
})
globalThis.gc?.()
const before = process.memoryUsage.rss()
let peak = before
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss())
}, 5)
const startedAt = performance.now()
await aggregator.collect([
  { action: 'UPDATE', table: 'top', data: { id: '1', name: 'b' }, dataOld: { id: '1', name: 'a' } },
])
clearInterval(watch)
peak = Math.max(peak, process.memoryUsage.rss())
const outcome: FanOutOutcome = {
  ids: idsSet.count,
  growthMiB: (peak - before) / 2 ** 20,
  seconds: (performance.now() - startedAt) / 1_000,
}
process.send?.(outcome)
process.disconnect()
await client.end()

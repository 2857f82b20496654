import { Capture, EventAggregator, prepared } from 'pg-capture'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import { bookSchema } from '../bookshop.ts'
import type { WriteTask, Written } from '../children/write-at-rate.ts'
import type { Bench, BenchRow, Stage } from '../harness/bench-table.ts'
import { messageOf, startChild } from '../harness/child-program.ts'
import { percentile } from '../harness/percentile.ts'
import { connected } from '../replication/connected.ts'

const PUBLICATION = 'bench_load'

export const load: Bench = {
  name: 'load',
  about: 'from commit to onChange, and the size of batches, while so many objects a second change',
  async run(stage) {
    const rates = stage.isFull ? [100, 500, 1_000, 2_000, 3_000] : [100, 1_000]
    const seconds = stage.isFull ? 10 : 3
    const rows: BenchRow[] = []
    let from = 1
    for (const perSecond of rates) {
      stage.tell(`${perSecond.toLocaleString('en')} changes a second for ${seconds} s`)
      const reviews = perSecond * seconds
      rows.push(await underLoad(stage, { url: stage.url, perSecond, reviews, from }))
      from += reviews
    }
    return [
      {
        title: 'Under load: from commit to onChange',
        unit: 'ms',
        columns: ['ours', 'p50', 'p99', 'objects a batch, mean', 'written, changes/s'],
        rows,
        notes: [
          'Ours is the mean. Each change is a transaction, by another process on the same cores, and of another object.',
          'Counted from the moment at which the writer has the answer to its commit.',
        ],
      },
    ]
  },
}

async function underLoad(stage: Stage, task: WriteTask): Promise<BenchRow> {
  const client = await stage.connect()
  const builtAt = new Map<string, number>()
  let batches = 0
  let objects = 0
  let arrived = (): void => undefined
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client: prepared(client),
    onChange: ({ upsert }) => {
      const at = performance.timeOrigin + performance.now()
      batches += 1
      objects += upsert.length
      for (const { id } of upsert) builtAt.set(id, at)
      if (builtAt.size >= task.reviews) arrived()
    },
  })
  const source = new PgoutputSource({
    connection: stage.url,
    slot: `bench_load_${task.perSecond}`,
    publication: PUBLICATION,
    temporary: true,
  })
  const capture = new Capture({ source, aggregators: [aggregator] })
  const running = capture.run()
  await connected(source)
  const all = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const writer = startChild('write-at-rate', task)
  await messageOf(writer)
  const answer = messageOf<Written>(writer)
  writer.send('go')
  const { committedAt, perSecond } = await answer
  await Promise.race([all, running])
  await capture.stop()
  await running
  // Connections and statements are new during the first tenth.
  const counted = committedAt.slice(committedAt.length / 10)
  const waits = counted.map(([book, at]) => (builtAt.get(book) ?? Number.NaN) - at)
  return {
    label: `${task.perSecond.toLocaleString('en')} objects/s`,
    asked: [],
    figures: {
      ours: waits.reduce((sum, wait) => sum + wait, 0) / waits.length,
      p50: percentile(waits, 0.5),
      p99: percentile(waits, 0.99),
      'objects a batch, mean': objects / batches,
      'written, changes/s': perSecond,
    },
  }
}

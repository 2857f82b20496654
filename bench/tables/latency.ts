import { setTimeout as sleep } from 'node:timers/promises'
import { Capture, EventAggregator, prepared } from 'pg-capture'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import { bookSchema } from '../bookshop.ts'
import { atMost, type Bench, type BenchRow } from '../harness/bench-table.ts'
import { percentile } from '../harness/percentile.ts'
import { connected } from '../replication/connected.ts'
import { readRaw } from '../replication/raw-walsender.ts'

const PUBLICATION = 'bench_latency'
const PAUSE_MS = 10

export const latency: Bench = {
  name: 'latency',
  about: 'from commit to onChange on a quiet system',
  async run(stage) {
    const samples = stage.isFull ? 2_000 : 300
    stage.tell(`${samples} commits, one each ${PAUSE_MS} ms`)
    const writer = await stage.connect()
    const client = await stage.connect()
    let built = (): void => undefined
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: prepared(client),
      onChange: () => built(),
    })
    const source = new PgoutputSource({
      connection: stage.url,
      slot: 'bench_latency',
      publication: PUBLICATION,
      temporary: true,
    })
    const capture = new Capture({ source, aggregators: [aggregator] })
    const running = capture.run()
    await connected(source)
    await writer.query(`SELECT pg_create_logical_replication_slot('bench_latency_raw', 'pgoutput')`)
    let arrived = (): void => undefined
    let isOver = false
    const raw = readRaw({
      url: stage.url,
      slot: 'bench_latency_raw',
      publication: PUBLICATION,
      onMessage: (kind) => {
        if (kind === 'U') arrived()
        return isOver
      },
    })
    const figures = { ours: [] as number[], walsender: [] as number[] }
    for (let n = -20; n < samples; n++) {
      const ours = new Promise<number>((resolve) => {
        built = () => resolve(performance.now())
      })
      const walsender = new Promise<number>((resolve) => {
        arrived = () => resolve(performance.now())
      })
      await writer.query('UPDATE review SET rating = rating % 5 + 1 WHERE id = $1', [1 + ((n + 20) % 5_000)])
      const committedAt = performance.now()
      const [ourTime, rawTime] = await Promise.all([ours, walsender])
      if (n >= 0) {
        figures.ours.push(ourTime - committedAt)
        figures.walsender.push(rawTime - committedAt)
      }
      await sleep(PAUSE_MS)
    }
    isOver = true
    await writer.query('UPDATE review SET rating = rating % 5 + 1 WHERE id = 1')
    await raw
    await capture.stop()
    await running
    return [
      {
        title: 'Latency: from commit to onChange',
        unit: 'ms',
        columns: ['ours', 'walsender'],
        rows: [row('p50', 0.5, 3), row('p99', 0.99, 15)],
        notes: [
          'Counted from the moment at which the writer has the answer to its commit; a row can arrive before that.',
          'The walsender’s row is thrown away; ours has read and parsed the object.',
        ],
      },
    ]

    function row(label: string, share: number, limit: number): BenchRow {
      const ours = percentile(figures.ours, share)
      return {
        label,
        asked: [atMost(limit, ours, 'ms')],
        figures: { ours, walsender: percentile(figures.walsender, share) },
      }
    }
  },
}

import type { BenchTable } from '../harness/bench-table.ts'
import type { Results } from '../harness/results.ts'
import {
  type BatchQueue,
  buildersThroughput,
  fitBatchQueue,
  latencyMs,
  settledBatch,
  throughput,
} from './batch-queue.ts'

const LATENCY = 'Latency: from commit to onChange'
const LOAD = 'Under load: from commit to onChange'
const BATCHES = 'Objects a second by the size of a batch'

/** What the model says of points that it has not seen, beside what was measured. */
export function predictions(results: Results): readonly BenchTable[] {
  const measured = (table: string, row: string): number => figureOf(results, table, row)
  const batches = (size: number): number => measured(BATCHES, `batches of ${size.toLocaleString('en')}`)
  const queue = fitBatchQueue({ size: 1, perSecond: batches(1) }, { size: 1_000, perSecond: batches(1_000) })
  const noSink = 'Builders whose sink takes no time: Postgres and the processor are the limit'
  const sink = 'Builders whose sink takes 40 ms for 100 objects'
  const sharedPerSecond = Math.max(...[1, 2, 4].map((count) => measured(noSink, builders(count))))
  const points = [
    ...[10, 100].map((size) => ({
      label: `batches of ${size}`,
      predicted: throughput(queue, size),
      measured: batches(size),
    })),
    ...[1, 2, 4].map((count) => ({
      label: `${builders(count)}, a sink of 40 ms`,
      predicted: buildersThroughput(queue, { count, size: 100, sinkMs: 40, sharedPerSecond }),
      measured: measured(sink, builders(count)),
    })),
  ]
  return [
    {
      title: 'The model beside what was measured',
      unit: 'objects/s',
      columns: ['predicted', 'measured', 'predicted, ×'],
      rows: points.map(({ label, ...point }) => ({
        label,
        asked: [],
        figures: { ...point, 'predicted, ×': point.predicted / point.measured },
      })),
      notes: [
        `A batch takes ${queue.fixedMs.toFixed(1)} ms and ${(queue.objectMs * 1_000).toFixed(0)} µs for each object: fitted to batches of 1 and of 1,000.`,
      ],
    },
    underLoad(queue, results),
  ]
}

/** The way to the set and out of the builder is that of a quiet system; what waits for a build is the model's. */
function underLoad(queue: BatchQueue, results: Results): BenchTable {
  const load = tableOf(results, LOAD)
  const way = figureOf(results, LATENCY, 'p50') - (queue.fixedMs + queue.objectMs)
  const rows = load.rows.map(({ label, figures }) => {
    const perSecond = figures['written, changes/s'] ?? Number.NaN
    const waits = latencyMs(queue, perSecond)
    const predicted = waits === null ? null : way + waits
    const measured = figures['ours'] ?? Number.NaN
    return {
      label,
      asked: [],
      figures: {
        predicted,
        measured,
        'predicted, ×': predicted === null ? null : predicted / measured,
        'a batch, predicted': settledBatch(queue, perSecond),
        'a batch, measured': figures['objects a batch, mean'] ?? null,
      },
    }
  })
  return {
    title: 'One builder under load, beside what was measured',
    unit: 'ms',
    columns: ['predicted', 'measured', 'predicted, ×', 'a batch, predicted', 'a batch, measured'],
    rows,
    notes: [
      'From commit to onChange, in the mean. The model knows of the builder alone: not of the writer and the walsender, that take from the same cores.',
      `Where each change is of another object, one builder keeps up with ${Math.round(1_000 / queue.objectMs).toLocaleString('en')} objects/s if it has the machine for itself.`,
    ],
  }
}

function builders(count: number): string {
  return count === 1 ? '1 builder' : `${count} builders`
}

function figureOf(results: Results, title: string, label: string): number {
  const figure = tableOf(results, title).rows.find((row) => row.label === label)?.figures['ours']
  if (typeof figure !== 'number') throw new Error(`The results have no "${label}" in "${title}"`)
  return figure
}

function tableOf(results: Results, title: string): BenchTable {
  const table = Object.values(results.tables)
    .flat()
    .find((one) => one.title === title)
  if (table === undefined) throw new Error(`The results have no table "${title}"`)
  return table
}

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
    loads(queue),
  ]
}

function loads(queue: BatchQueue): BenchTable {
  const limit = 1_000 / queue.objectMs
  return {
    title: 'What the model says of one builder under load',
    unit: 'ms',
    columns: ['from change to object', 'batch, objects'],
    rows: [0.01, 0.1, 0.5, 0.8, 0.95].map((share) => ({
      label: `${Math.round(limit * share).toLocaleString('en')} objects/s, ${share * 100} % of what it can do`,
      asked: [],
      figures: {
        'from change to object': latencyMs(queue, limit * share),
        'batch, objects': settledBatch(queue, limit * share),
      },
    })),
    notes: ['Without the time from commit to the set. Not measured: a prediction.'],
  }
}

function builders(count: number): string {
  return count === 1 ? '1 builder' : `${count} builders`
}

function figureOf(results: Results, title: string, label: string): number {
  const table = Object.values(results.tables)
    .flat()
    .find((one) => one.title === title)
  const figure = table?.rows.find((row) => row.label === label)?.figures['ours']
  if (typeof figure !== 'number') throw new Error(`The results have no "${label}" in "${title}"`)
  return figure
}

import { Redis } from 'ioredis'
import { RedisSet } from 'pg-capture'
import { provide } from '../../services/provide.ts'
import { scatteredIds } from '../bookshop.ts'
import type { BuildWorkerTask } from '../children/build-worker.ts'
import { atLeast, type Bench, type BenchRow, type BenchTable, type Stage } from '../harness/bench-table.ts'
import { messageOf, startChild } from '../harness/child-program.ts'
import { contest } from '../harness/contest.ts'

const BATCH = 100
const SINK_MS = 40

export const builders: Bench = {
  name: 'builders',
  about: 'one, two and four builder processes over one set in Redis',
  async run(stage) {
    const redis = await provide('redis')
    try {
      return [
        await tableOf(stage, redis.url, {
          title: `Builders whose sink takes ${SINK_MS} ms for ${BATCH} objects`,
          sinkMs: SINK_MS,
          isAsked: true,
        }),
        await tableOf(stage, redis.url, {
          title: 'Builders whose sink takes no time: Postgres and the processor are the limit',
          sinkMs: 0,
          isAsked: false,
        }),
      ]
    } finally {
      await redis.stop()
    }
  },
}

async function tableOf(
  stage: Stage,
  redisUrl: string,
  { title, sinkMs, isAsked }: { title: string; sinkMs: number; isAsked: boolean },
): Promise<BenchTable> {
  const objects = Math.min(stage.size.books, stage.isFull ? 20_000 : 4_000)
  const counts = [1, 2, 4]
  stage.tell(`${counts.join(', ')} builders of ${objects.toLocaleString('en')} objects`)
  const nameOf = (count: number): string => (count === 1 ? '1 builder' : `${count} builders`)
  const result = await contest(
    Object.fromEntries(
      counts.map((count) => [
        nameOf(count),
        { run: (round: number) => perSecond(stage, redisUrl, { count, objects, round, sinkMs }) },
      ]),
    ),
    stage.isFull ? 3 : 2,
  )
  const rows = counts.map((count): BenchRow => {
    const ratio = result.ratio(nameOf(count), nameOf(1))
    return {
      label: nameOf(count),
      asked: isAsked && count === 2 ? [atLeast(1.7, ratio, '× one builder')] : [],
      figures: { ours: result.median[nameOf(count)] ?? null, '×, of one': ratio },
    }
  })
  return {
    title,
    unit: 'objects/s',
    columns: ['ours', '×, of one'],
    rows,
    notes: [
      'Each builder is a process. They share a RedisSet; Postgres, Redis and all of them share the processor.',
    ],
  }
}

async function perSecond(
  stage: Stage,
  redisUrl: string,
  { count, objects, round, sinkMs }: { count: number; objects: number; round: number; sinkMs: number },
): Promise<number> {
  const key = `bench ${process.pid} ${count} ${round} ${sinkMs}`
  const task: BuildWorkerTask = { url: stage.url, redisUrl, key, batchSize: BATCH, sinkMs }
  const workers = Array.from({ length: count }, () => startChild('build-worker', task))
  await Promise.all(workers.map((worker) => messageOf(worker)))
  const client = new Redis(redisUrl)
  await new RedisSet({ client, key }).add(scatteredIds(stage.size.books, objects, round))
  const startedAt = performance.now()
  const answers = workers.map((worker) => messageOf<number>(worker))
  for (const worker of workers) worker.send('go')
  const built = (await Promise.all(answers)).reduce((sum, one) => sum + one, 0)
  const elapsed = performance.now() - startedAt
  client.disconnect()
  if (built < objects) throw new Error(`${built} objects were built of ${objects}`)
  return (objects / elapsed) * 1_000
}

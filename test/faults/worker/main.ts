import { Capture, CaptureError, EventAggregator } from 'pg-capture'
import { consumeBuilds, rabbitmqScheduler } from 'pg-capture/schedulers/rabbitmq'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import pg from 'pg'
import { rootSchemas } from '../bookshop.ts'
import { buildWhenAsked } from './asked-builds.ts'
import { takeByHand } from './by-hand.ts'
import { setClockOff } from './clock.ts'
import { Failures } from './failures.ts'
import { Notebook } from './notebook.ts'
import { openChannel } from './open-channel.ts'
import { setMaker } from './pending-set.ts'
import { Points } from './points.ts'
import { sinkOf } from './sink.ts'
import { around, watchedClient } from './watched.ts'
import { WatchedSet } from './watched-set.ts'
import { watchedSource } from './watched-source.ts'
import { ENDED_BY_ERROR, type Instruction, type Message, type WorkerOptions } from './worker-options.ts'

// One process under test: a handler, a builder, or both. Faults are put around what pg-capture is given, never into it.

const options = JSON.parse(process.argv[2] ?? '') as WorkerOptions
const { role, set, urls, scope, leaseMs, sabotage } = options
const notebook = new Notebook(options.notebook)
const failures = new Failures(notebook)
const points = new Points(() => say({ type: 'done' }))
const duplication = { chunks: 0, done: () => void say({ type: 'done' }) }
const reordering = { chunks: 0, done: () => void say({ type: 'done' }) }

for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (error: unknown) => {
    notebook.write({
      failure: { untyped: `${event}: ${error instanceof Error ? error.stack : String(error)}` },
    })
    process.exit(1)
  })
}
process.on('message', (instruction: Instruction) => follow(instruction))
process.on('disconnect', () => process.exit(1))

const pool = newPool(urls.database)
const setPool = newPool(urls.set)
const replica = newPool(urls.replica)
const aggregators: EventAggregator[] = []

try {
  await run()
} catch (error) {
  failures.note(error)
  process.exit(error instanceof CaptureError ? ENDED_BY_ERROR : 1)
}

async function run(): Promise<void> {
  const makeSet = await setMaker(options, setPool)
  for (const schema of rootSchemas) {
    const kind = schema.table
    const watchedSet = new WatchedSet(await makeSet(kind), points, sabotage === 'holds nothing')
    const sink = { kind, replica, worker: options.name, set: watchedSet, points, failures }
    aggregators.push(
      new EventAggregator({
        schema,
        client: watchedClient(pool, points, failures),
        idsSet: watchedSet.set,
        leaseMs,
        batchSize: 50,
        // Soon, so that a round sees it.
        parkAfter: 3,
        health: { laggingAfterMs: 1_000 },
        onError: failures.note,
        ...(role !== 'handler' && { onChange: sinkOf(sink) }),
        ...(role === 'handler' && { scheduleBuildObjects: schedulerOf(kind) }),
      }),
    )
  }
  const work = role === 'builder' ? build() : handle()
  if (role === 'builder') await say({ type: 'ready' })
  await work
  process.exit(0)
}

async function handle(): Promise<void> {
  const source = new PgoutputSource({
    connection: urls.replication,
    slot: scope,
    publication: scope,
    onEvent: (event) => {
      if (event.type === 'connected') void say({ type: 'ready' })
    },
    onError: (error) => failures.note(error),
  })
  const watched = watchedSource(source, points, notebook, duplication, sabotage === 'acknowledges early')
  if (options.delivery === 'by hand') {
    process.once('SIGTERM', () => void source.stop())
    const { seed } = options
    return takeByHand({ source: watched, aggregators, reordering, seed, notebook, onError: failures.note })
  }
  const capture = new Capture({ source: watched, aggregators, onError: failures.note, sweepMs: 1_000 })
  process.once('SIGTERM', () => void capture.stop())
  await capture.run()
}

async function build(): Promise<void> {
  const told = new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()))
  const asked = { aggregators, url: urls.set, channel: scope, onError: failures.note }
  const builders = set === 'postgres' ? [buildWhenAsked(asked)] : consume()
  await told
  for (const builder of builders) await builder.stop()
}

function consume(): { stop(): Promise<void> }[] {
  return aggregators.map((aggregator, index) =>
    consumeBuilds({
      openChannel: () => openChannel(urls.rabbitmq, (connection) => connection.createChannel()),
      queue: queueOf(rootSchemas[index]?.table ?? ''),
      aggregator,
      onError: failures.note,
      sweepMs: 1_000,
    }),
  )
}

function schedulerOf(kind: string): () => Promise<void> {
  const request =
    set === 'postgres'
      ? () => failures.by('harness', async () => void (await setPool.query(`NOTIFY "${scope}"`)))
      : rabbitmqScheduler({
          openChannel: () => openChannel(urls.rabbitmq, (connection) => connection.createConfirmChannel()),
          queue: queueOf(kind),
          delayMs: 50,
        })
  return () => around(points, 'schedule request', request)
}

function queueOf(kind: string): string {
  return `${scope}.${kind}`
}

function newPool(connectionString: string): pg.Pool {
  const made = new pg.Pool({ connectionString, max: 4 })
  made.on('error', () => undefined)
  return made
}

function follow(instruction: Instruction): void {
  switch (instruction.type) {
    case 'order':
      points.give(instruction.order)
      void say({ type: 'given' })
      return
    case 'clock':
      return setClockOff(instruction.ms)
    case 'duplicate':
      duplication.chunks = instruction.chunks
      return
    case 'reorder':
      reordering.chunks = instruction.chunks
      return
    case 'tell':
      return tell(instruction.about === 'health' ? health() : parked())
    case 'retry parked':
      return tell(retryParked())
    default:
      instruction satisfies never
  }
}

function tell(answer: Promise<Message>): void {
  answer.then(say, failures.note)
}

async function health(): Promise<Message> {
  const all = await Promise.all(aggregators.map((aggregator) => aggregator.health()))
  const reasons = all.flatMap((one) => one.reasons.map(({ code }) => code))
  const states = all.map(({ state }) => state)
  const state = (['stalled', 'lagging'] as const).find((one) => states.includes(one)) ?? 'ok'
  return { type: 'health', state, reasons }
}

async function parked(): Promise<Message> {
  const objects: string[] = []
  for (const { name, parked } of aggregators) {
    for await (const batch of parked.list()) objects.push(...batch.map(({ id }) => `${name} ${id}`))
  }
  return { type: 'parked', objects }
}

async function retryParked(): Promise<Message> {
  for (const aggregator of aggregators) await aggregator.parked.retry()
  return { type: 'done' }
}

function say(message: Message): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, {}, () => resolve())
  })
}

import { measure } from 'mitata'
import { EventAggregator, type QueryClient, type WALEvent } from 'pg-capture'
import { EventDecoder } from '../../src/sources/pgoutput/event-decoder.ts'
import { bookSchema } from '../bookshop.ts'
import { atMost, type Bench, type BenchRow, type Stage } from '../harness/bench-table.ts'
import { readRaw } from '../replication/raw-walsender.ts'
import { dropSlot, reviewTable, updateReviews } from '../replication/review-updates.ts'

const PUBLICATION = 'bench_micro'
const SLOT = 'bench_micro'
const EVENTS = 1_000

export const micro: Bench = {
  name: 'micro',
  about: 'microseconds of the processor for one event: resolution and decoding',
  async run(stage) {
    return [
      {
        title: 'One event',
        unit: 'µs',
        columns: ['ours', 'p99'],
        rows: [...(await resolutionRows()), ...(await decodingRows(stage))],
        notes: [
          `By mitata; a sample is ${EVENTS.toLocaleString('en')} events taken together, as a source gives them.`,
          'Resolution is aggregator.collect: check, places in the plan, keys, the set. Decoding is of messages that a walsender has sent.',
        ],
      },
    ]
  },
}

const review = { id: '7', book_id: '3', user_id: '5', rating: '4', body: 'What I thought of it' }

const cases: readonly {
  label: string
  limit: number
  eventOf: (n: number) => Omit<Extract<WALEvent, { action: 'UPDATE' }>, 'action'>
}[] = [
  {
    label: 'of a table that is not read',
    limit: 1,
    eventOf: (n) => ({ table: 'shipment', data: { id: String(n), state: 'sent' } }),
  },
  {
    label: 'of columns that are not read',
    limit: 1,
    eventOf: (n) => {
      const row = { id: String(n), title: 'A title', author_id: '3' }
      return { table: 'book', data: { ...row, stock: '1' }, dataOld: { ...row, stock: '2' } }
    },
  },
  {
    label: 'that names its root',
    limit: 3,
    eventOf: (n) => {
      const row = { ...review, id: String(n), book_id: String(n) }
      return { table: 'review', data: row, dataOld: { ...row, rating: '1' } }
    },
  },
]

async function resolutionRows(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const { label, limit, eventOf } of cases) {
    const events = Array.from({ length: EVENTS }, (_, n): WALEvent => ({ action: 'UPDATE', ...eventOf(n) }))
    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: noServer,
      unpositionedEvents: { delayMs: 0 },
      scheduleBuildObjects: () => undefined,
    })
    rows.push(rowOf(`resolve: an UPDATE ${label}`, await measure(() => aggregator.collect(events)), limit))
  }
  return rows
}

/** What is resolved here needs no look-up; only the types of linking columns are asked for, once: they are those of the key. */
const noServer: QueryClient = {
  query: async (text) => ({
    rows: text.includes('"same"')
      ? Array.from({ length: 9 }, (_, n) => ({ link: String(n), same: 'yes' }))
      : [],
  }),
}

async function decodingRows(stage: Stage): Promise<BenchRow[]> {
  const messages = await messagesOf(stage)
  let decoded = 0
  const receiver = { event: () => (decoded += 1), commit: () => undefined, oldRowProblem: () => undefined }
  const required = [{ ...reviewTable, schema: 'public' }]
  const stats = await measure(() => {
    const decoder = new EventDecoder(required, receiver)
    for (const message of messages) decoder.decode(message, 0)
  })
  if (decoded === 0) throw new Error('Nothing was decoded')
  return [rowOf('decode: an UPDATE of five columns with its old row', stats, 2)]
}

/** What a walsender sends for so many updates of reviews. */
async function messagesOf(stage: Stage): Promise<Buffer[]> {
  const writer = await stage.connect()
  await writer.query(`CREATE PUBLICATION ${PUBLICATION} FOR TABLE review`)
  await writer.query(`SELECT pg_create_logical_replication_slot('${SLOT}', 'pgoutput')`)
  await updateReviews(writer, EVENTS, EVENTS)
  const messages: Buffer[] = []
  await readRaw({
    url: stage.url,
    slot: SLOT,
    publication: PUBLICATION,
    onMessage: (kind, message) => {
      messages.push(Buffer.from(message))
      return kind === 'C'
    },
  })
  await dropSlot(writer, SLOT)
  await writer.query(`DROP PUBLICATION ${PUBLICATION}`)
  return messages
}

function rowOf(label: string, stats: { p50: number; p99: number }, limit: number): BenchRow {
  const microseconds = (ns: number): number => ns / EVENTS / 1_000
  const ours = microseconds(stats.p50)
  return { label, asked: [atMost(limit, ours, 'µs')], figures: { ours, p99: microseconds(stats.p99) } }
}

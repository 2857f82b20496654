import { EventAggregator, prepared, type WALEvent } from 'pg-capture'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import type pg from 'pg'
import { bookSchema } from '../bookshop.ts'
import { atLeast, type Bench, type Stage } from '../harness/bench-table.ts'
import { contest, type Contestant } from '../harness/contest.ts'
import { readRaw } from '../replication/raw-walsender.ts'
import { dropSlot, reviewTable, updateReviews } from '../replication/review-updates.ts'

const THROWN_AWAY = 'rows thrown away'
const PUBLICATION = 'bench_ingest'
const ROWS_PER_TRANSACTION = 1_000

export const ingest: Bench = {
  name: 'ingest',
  about: 'row changes a second, beside the same connection with its rows thrown away',
  async run(stage) {
    const writer = await stage.connect()
    const rows = Math.min(stage.size.reviews, stage.isFull ? 200_000 : 30_000)
    stage.tell(`${rows.toLocaleString('en')} changes a round`)
    let prepared = -1
    // All slots of a round are made before its changes, so that each contestant reads the very same ones.
    const prepare = async (round: number): Promise<void> => {
      if (prepared === round) return
      prepared = round
      for (const slot of slots) await dropSlot(writer, slot)
      for (const slot of slots) await new PgoutputSource(sourceOptions(stage, slot)).prepare([reviewTable])
      await updateReviews(writer, rows, ROWS_PER_TRANSACTION)
      // The first to read after the writes pays for what the server keeps of them; it does not count.
      await throwAway(stage, 'bench_warm_up', rows)
    }
    const contestant = (read: () => Promise<number>): Contestant => ({
      run: async (round) => {
        await prepare(round)
        return (rows / (await read())) * 1_000
      },
    })
    const result = await contest(
      {
        ours: contestant(() => collectAll(stage, writer, rows)),
        'decoded alone': contestant(() => decodeAll(stage, rows)),
        [THROWN_AWAY]: contestant(() => throwAway(stage, 'bench_raw', rows)),
      },
      3,
    )
    for (const slot of slots) await dropSlot(writer, slot)
    await writer.query(`DROP PUBLICATION ${PUBLICATION}`)
    return [
      {
        title: 'Ingest: changes of a table that the objects read',
        unit: 'rows/s',
        columns: ['ours', 'decoded alone', THROWN_AWAY],
        rows: [
          {
            label: `${rows.toLocaleString('en')} updates`,
            asked: [atLeast(0.7, result.ratio('ours', THROWN_AWAY), `× ${THROWN_AWAY}`)],
            figures: result.median,
          },
        ],
        notes: [
          `REPLICA IDENTITY FULL, ${ROWS_PER_TRANSACTION.toLocaleString('en')} rows a transaction, one slot each. Ours decodes, finds the ids, merges them and acknowledges.`,
        ],
      },
    ]
  },
}

const slots = ['bench_warm_up', 'bench_ours', 'bench_decoded', 'bench_raw']

function sourceOptions(
  stage: Stage,
  slot: string,
): { connection: string; slot: string; publication: string } {
  return { connection: stage.url, slot, publication: PUBLICATION }
}

/** Milliseconds from the start of the stream to its last row. */
async function consume(
  stage: Stage,
  slot: string,
  rows: number,
  take: (events: readonly WALEvent[]) => Promise<unknown>,
): Promise<number> {
  let startedAt = 0
  const source = new PgoutputSource({
    ...sourceOptions(stage, slot),
    onEvent: ({ type }) => {
      if (type === 'connected') startedAt = performance.now()
    },
  })
  let seen = 0
  for await (const { events, acknowledge } of source.stream([reviewTable])) {
    await take(events)
    acknowledge?.()
    seen += events.length
    if (seen >= rows) return performance.now() - startedAt
  }
  throw new Error('The stream has ended early')
}

async function collectAll(stage: Stage, client: pg.Client, rows: number): Promise<number> {
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client: prepared(client),
    scheduleBuildObjects: () => undefined,
  })
  return consume(stage, 'bench_ours', rows, (events) => aggregator.collect(events))
}

function decodeAll(stage: Stage, rows: number): Promise<number> {
  return consume(stage, 'bench_decoded', rows, async () => undefined)
}

async function throwAway(stage: Stage, slot: string, rows: number): Promise<number> {
  let startedAt = 0
  let seen = 0
  await readRaw({
    url: stage.url,
    slot,
    publication: PUBLICATION,
    onStart: () => {
      startedAt = performance.now()
    },
    onMessage: (kind) => {
      if (kind === 'U') seen += 1
      return kind === 'C' && seen >= rows
    },
  })
  return performance.now() - startedAt
}

import { Capture, EventAggregator, prepared, type QueryClient } from 'pg-capture'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import pg from 'pg'
import { bookSchema, scatteredIds } from '../bookshop.ts'
import { atLeast, type Bench, type BenchRow, type BenchTable, type Stage } from '../harness/bench-table.ts'
import { contest } from '../harness/contest.ts'

const LOOP = 'keyset loop'
const PAGE = 1_000
const LIVE_CHANGES_PER_SECOND = 100

export const backfill: Bench = {
  name: 'backfill',
  about: 'all objects once, beside a keyset loop by hand; and a few changes, beside reading all again',
  async run(stage) {
    return [await wholeTable(stage), await refreshes(stage)]
  },
}

async function wholeTable(stage: Stage): Promise<BenchTable> {
  const { books } = stage.size
  stage.tell(`${books.toLocaleString('en')} books, with changes beside`)
  // A change may take longer than it is to the next one.
  const writer = new pg.Pool({ connectionString: stage.url, max: 4 })
  const loop = await keysetLoop(await stage.connect())
  const pool = new pg.Pool({ connectionString: stage.url, max: 3 })
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client: prepared(pool),
    onChange: () => undefined,
  })
  const source = new PgoutputSource({
    connection: stage.url,
    slot: 'bench_backfill',
    publication: 'bench_backfill',
    temporary: true,
  })
  const capture = new Capture({ source, aggregators: [aggregator] })
  const running = capture.run()
  const perSecond = async (work: () => Promise<unknown>): Promise<number> => {
    let n = 0
    const changes = setInterval(() => {
      n += 1
      void writer.query('UPDATE review SET rating = rating % 5 + 1 WHERE id = $1', [n])
    }, 1_000 / LIVE_CHANGES_PER_SECOND)
    const startedAt = performance.now()
    await work()
    const elapsed = performance.now() - startedAt
    clearInterval(changes)
    return (books / elapsed) * 1_000
  }
  let peakMiB = 0
  const result = await contest(
    {
      ours: {
        run: () =>
          perSecond(() =>
            aggregator.backfill({
              onProgress: () => {
                peakMiB = Math.max(peakMiB, process.memoryUsage.rss() / 2 ** 20)
              },
            }),
          ),
      },
      [LOOP]: { run: () => perSecond(loop) },
    },
    stage.isFull ? 3 : 2,
  )
  await capture.stop()
  await running
  await pool.end()
  await writer.query('DROP PUBLICATION IF EXISTS bench_backfill')
  await writer.end()
  return {
    title: 'Backfill: all objects once',
    unit: 'objects/s',
    columns: ['ours', LOOP, 'RSS, MiB'],
    rows: [
      {
        label: `${books.toLocaleString('en')} books`,
        asked: [atLeast(0.7, result.ratio('ours', LOOP), `× ${LOOP}`)],
        figures: { ...result.median, 'RSS, MiB': peakMiB },
      },
    ],
    notes: [
      `${LIVE_CHANGES_PER_SECOND} changes a second go on beside both; ours also captures them and builds their objects.`,
      `The loop reads ${PAGE.toLocaleString('en')} ids at a time by the primary key, runs the same SELECT, prepared, parses the JSON and drops it.`,
    ],
  }
}

/** What brings a copy up to date after some changes: their objects, or everything again. */
async function refreshes(stage: Stage): Promise<BenchTable> {
  const client = await stage.connect()
  const loop = await keysetLoop(await stage.connect())
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client: prepared(client),
    unpositionedEvents: { delayMs: 0 },
    onChange: () => undefined,
  })
  const startedAt = performance.now()
  await loop()
  const everything = performance.now() - startedAt
  const rows: BenchRow[] = []
  for (const count of [1, 100, 10_000].filter((size) => size <= stage.size.books / 2)) {
    stage.tell(`${count} of ${stage.size.books.toLocaleString('en')} books changed`)
    const result = await contest(
      {
        ours: {
          run: async (round) => {
            const events = scatteredIds(stage.size.books, count, round).map((id) => {
              const row = { id, title: 'a', author_id: '1' }
              return { action: 'UPDATE', table: 'book', data: row, dataOld: { ...row, title: 'b' } } as const
            })
            await aggregator.handleEvents(events)
          },
        },
      },
      count === 10_000 ? 3 : 10,
    )
    rows.push({
      label: `${count.toLocaleString('en')} of ${stage.size.books.toLocaleString('en')} changed`,
      asked: [],
      figures: { ...result.median, 'all again': everything },
    })
  }
  return {
    title: 'Up to date after some changes: their objects, or everything again',
    unit: 'ms',
    columns: ['ours', 'all again'],
    rows,
    notes: ['"all again" is the keyset loop over all books, run once.'],
  }
}

/** Reads all books by the very statement that an aggregator builds them with. */
async function keysetLoop(client: pg.Client): Promise<() => Promise<void>> {
  const { text, fixed } = await buildStatement(client)
  return async () => {
    for (let last = 0; ;) {
      const { rows: keys } = await client.query<{ id: number }>({
        name: 'page',
        text: 'SELECT id FROM book WHERE id > $1 ORDER BY id LIMIT $2',
        values: [last, PAGE],
      })
      const end = keys.at(-1)
      if (end === undefined) return
      last = end.id
      const ids = keys.map(({ id }) => String(id))
      const { rows } = await client.query<{ object: string }>({
        name: 'build',
        text,
        values: [ids, ...fixed],
      })
      for (const { object } of rows) JSON.parse(object)
    }
  }
}

async function buildStatement(client: pg.Client): Promise<{ text: string; fixed: unknown[] }> {
  let statement = { text: '', fixed: [] as unknown[] }
  const recording: QueryClient = {
    query: (text, values) => {
      if (text.includes('"object"')) statement = { text, fixed: values.slice(1) }
      return client.query(text, values)
    },
  }
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client: recording,
    unpositionedEvents: { delayMs: 0 },
    onChange: () => undefined,
  })
  await aggregator.handleEvent({
    action: 'INSERT',
    table: 'book',
    data: { id: '1', title: 'a', author_id: '1' },
  })
  return statement
}

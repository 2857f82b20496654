import {
  EventAggregator,
  getRootIdsFromEvent,
  prepared,
  type NamingClient,
  type RootSchema,
  type WALEvent,
} from 'pg-capture'
import type pg from 'pg'
import { authorSchema, bookSchema } from '../bookshop.ts'
import { atMost, type Bench, type BenchRow, type BenchTable, type Stage } from '../harness/bench-table.ts'
import { contest } from '../harness/contest.ts'

const HAND_WRITTEN = 'hand-written'
const PER_EVENT = 'event by event'
/** Beyond this, one query for each event is only waited for. */
const PER_EVENT_UP_TO = 1_000

export const resolution: Bench = {
  name: 'resolution',
  about: 'from events to root ids: by batch, event by event, and by the depth of the schema',
  async run(stage) {
    return [await batches(stage), await depths(stage)]
  },
}

/** So many readers that have a new name. */
function renames(stage: Stage, count: number, round: number): WALEvent[] {
  return Array.from({ length: count }, (_, n) =>
    updateOf('reader', 1 + ((n + round * count) % stage.size.users)),
  )
}

async function batches(stage: Stage): Promise<BenchTable> {
  const client = await stage.connect()
  const rows: BenchRow[] = []
  for (const count of [1, 10, 100, 1_000, 10_000].filter((size) => size <= stage.size.users)) {
    stage.tell(`${count} events`)
    let statements = 0
    const collect = collector(bookSchema, {
      query: (statement) => {
        statements += 1
        return client.query(statement)
      },
    })
    await collect(renames(stage, 1, 0))
    const rounds = count >= 10_000 ? 3 : 10
    statements = 0
    const result = await contest(
      {
        ours: { run: async (round) => collect(renames(stage, count, round)) },
        [HAND_WRITTEN]: {
          run: async (round) => {
            const keys = renames(stage, count, round).map(({ data }) => data?.['id'])
            const text = 'SELECT DISTINCT book_id FROM review WHERE user_id = ANY($1)'
            await client.query({ name: 'hand-written', text, values: [keys] })
          },
        },
        [PER_EVENT]: {
          rounds: count > PER_EVENT_UP_TO ? -1 : count === PER_EVENT_UP_TO ? 3 : rounds,
          run: async (round) => resolveEach(bookSchema, renames(stage, count, round), client),
        },
      },
      rounds,
    )
    rows.push({
      label: `${count.toLocaleString('en')} readers renamed`,
      asked: [atMost(1, statements / (rounds + 1), 'statement')],
      figures: result.median,
    })
  }
  return {
    title: 'Root ids of a batch of events on one path',
    unit: 'ms',
    columns: ['ours', HAND_WRITTEN, PER_EVENT],
    rows,
    notes: [
      `"${PER_EVENT}" is getRootIdsFromEvent and its query for each event, in turn.`,
      'Ours includes adding the ids to the set.',
    ],
  }
}

/** Events a second on each level of author > book > review > reader. */
async function depths(stage: Stage): Promise<BenchTable> {
  const client = await stage.connect()
  const levels = ['author', 'book', 'review', 'reader'] as const
  const rows: BenchRow[] = []
  const collect = collector(authorSchema, client)
  for (const [depth, table] of levels.entries()) {
    stage.tell(`depth ${depth}: ${table}`)
    const count = 1_000
    const events = Array.from({ length: count }, (_, n) => updateOf(table, n + 1))
    const some = events.slice(0, 50)
    const perSecond = async (of: number, work: () => Promise<unknown>): Promise<number> => {
      const startedAt = performance.now()
      await work()
      return (of / (performance.now() - startedAt)) * 1_000
    }
    const result = await contest(
      {
        ours: { run: () => perSecond(count, () => collect(events)) },
        [PER_EVENT]: { run: () => perSecond(some.length, () => resolveEach(authorSchema, some, client)) },
      },
      stage.isFull ? 20 : 5,
    )
    rows.push({ label: `${depth}: ${table}`, asked: [], figures: result.median })
  }
  return {
    title: 'Events a second by the depth of their table in author > book > review > reader',
    unit: 'events/s',
    columns: ['ours', PER_EVENT],
    rows,
    notes: ['Batches of 1,000 events; each changes what the object shows.'],
  }
}

/** An UPDATE of what the objects show of a row. The keys are those of some row. */
function updateOf(table: 'author' | 'book' | 'review' | 'reader', id: number): WALEvent {
  const rest = {
    author: { org_id: '1' },
    book: { author_id: String(1 + (id % 1_000)) },
    review: { book_id: String(id), user_id: String(1 + (id % 1_000)) },
    reader: {},
  }
  const row = { id: String(id), ...rest[table] }
  const shown = { author: 'name', book: 'title', review: 'rating', reader: 'name' }[table]
  return { action: 'UPDATE', table, data: { ...row, [shown]: '1' }, dataOld: { ...row, [shown]: '2' } }
}

function collector(schema: RootSchema, client: NamingClient): (events: readonly WALEvent[]) => Promise<void> {
  const aggregator = new EventAggregator({
    schema,
    client: prepared(client),
    unpositionedEvents: { delayMs: 0 },
    scheduleBuildObjects: () => undefined,
  })
  return async (events) => {
    await aggregator.collect(events)
  }
}

async function resolveEach(
  schema: RootSchema,
  events: readonly WALEvent[],
  client: pg.Client,
): Promise<void> {
  for (const event of events) await getRootIdsFromEvent(schema, event).query?.run(client)
}

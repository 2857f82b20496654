import { EventAggregator, InMemorySet, prepared, type RootSchema } from 'pg-capture'
import type pg from 'pg'
import { authorSchema, bookSchema, scatteredIds } from '../bookshop.ts'
import { authorsOfFlatQueries, booksOfFlatQueries, type ReadRows } from '../build-query/flat-queries.ts'
import { authorStatements, bookStatements, type HandWritten } from '../build-query/hand-written-statements.ts'
import {
  atLeast,
  atMost,
  type Bench,
  type BenchRow,
  type BenchTable,
  type Stage,
} from '../harness/bench-table.ts'
import { type Contest, contest, type Contestant } from '../harness/contest.ts'

/** Objects by id. */
export type BuildObjects = (ids: readonly string[]) => Promise<Map<string, unknown>>

export interface BuiltObject {
  readonly title: string
  readonly schema: RootSchema
  readonly statements: HandWritten
  readonly flat: (read: ReadRows, ids: readonly string[]) => Promise<Map<string, unknown>>
}

export const builtObjects: readonly BuiltObject[] = [
  {
    title: 'book { author { org }, reviews [{ by }], tags [] }: one level of arrays',
    schema: bookSchema,
    statements: bookStatements,
    flat: booksOfFlatQueries,
  },
  {
    title: 'author { books [{ reviews [{ by }] }] }: two levels of arrays',
    schema: authorSchema,
    statements: authorStatements,
    flat: authorsOfFlatQueries,
  },
]

/** The shapes of one statement that people write, apart from the one to warn of. */
const SHAPES = ['LATERAL', 'key push-down', 'sub-selects'] as const
const GROUPED = 'grouped join'
const FLAT = 'flat queries'

/**
 * Up to here a prepared statement saves its planning; beyond, a plan made for the very ids is worth more than it costs. So
 * each hand-written statement runs in the way that suits it.
 */
const PREPARED_UP_TO = 100

export const buildQuery: Bench = {
  name: 'build-query',
  about: 'one build of 1 to 10,000 objects, beside hand-written SQL',
  async run(stage) {
    const tables: BenchTable[] = []
    for (const object of builtObjects) tables.push(await tableOf(object, stage))
    return tables
  },
}

async function tableOf(object: BuiltObject, stage: Stage): Promise<BenchTable> {
  const builders = await objectBuilders(object, () => stage.connect())
  const stock = object.schema.table === 'book' ? stage.size.books : stage.size.authors
  const counts = [1, 10, 100, 1_000, ...(stage.isFull ? [10_000] : [])]
  const rows: BenchRow[] = []
  for (const count of counts) {
    stage.tell(`${object.schema.table as string}: ${count} ids`)
    const rounds = roundsOf(count, stage.isFull)
    const contestants = Object.fromEntries(
      Object.entries(builders).map(([name, build]): [string, Contestant] => [
        name,
        {
          rounds: name === GROUPED ? Math.min(rounds, 3) : rounds,
          run: async (round) => {
            const startedAt = performance.now()
            const built = await build(scatteredIds(stock, count, round))
            const elapsed = performance.now() - startedAt
            if (built.size !== count) throw new Error(`${name} built ${built.size} objects of ${count}`)
            return elapsed
          },
        },
      ]),
    )
    rows.push(rowOf(count, await contest(contestants, rounds), stage.isFull))
  }
  return {
    title: `Build of ${object.title}`,
    unit: 'ms',
    columns: Object.keys(builders),
    rows,
    notes: [
      'Asked: at most 1.15 × the best single statement of the row.',
      'Ours is the whole build, prepared: claim, statement, JSON.parse, onChange, acknowledgement. The others are a query and its JSON.parse.',
      `The hand-written statements are prepared up to ${PREPARED_UP_TO} ids and planned for the very ids beyond, without JIT.`,
      'Flat queries, put together in Node, are no snapshot: a limit to know.',
    ],
  }
}

function roundsOf(count: number, isFull: boolean): number {
  const rounds = count >= 10_000 ? 5 : count >= 1_000 ? 9 : count >= 100 ? 25 : 60
  return isFull ? rounds : Math.ceil(rounds / 4)
}

function rowOf(count: number, result: Contest, isFull: boolean): BenchRow {
  const { median } = result
  const [best] = SHAPES.toSorted((one, other) => (median[one] as number) - (median[other] as number))
  if (best === undefined) throw new TypeError('There are shapes')
  const asked = [atMost(1.15, result.ratio('ours', best), `× ${best}`)]
  // How far behind the grouped join is depends on the size of the tables, not on ours.
  if (isFull && count >= 10 && count <= 1_000)
    asked.push(atLeast(20, result.ratio(GROUPED, 'ours'), `× as fast as ${GROUPED}`))
  return { label: `${count.toLocaleString('en')} ids`, asked, figures: median }
}

/** All the ways to build, each on a connection of its own. */
export async function objectBuilders(
  { schema, statements, flat }: BuiltObject,
  connect: () => Promise<pg.Client>,
): Promise<Record<string, BuildObjects>> {
  const handWritten = async (textOf: (count: number) => string, isArray: boolean): Promise<BuildObjects> => {
    const client = await connect()
    await client.query('SET jit = off')
    return async (ids) => {
      const text = textOf(ids.length)
      const values = isArray ? [ids] : [...ids]
      const name = ids.length <= PREPARED_UP_TO ? { name: `${ids.length}` } : {}
      const { rows } = await client.query<{ id: number; object: unknown }>({ text, values, ...name })
      return new Map(rows.map(({ id, object }) => [String(id), object]))
    }
  }
  const flatClient = await connect()
  const read: ReadRows = async (name, text, keys) =>
    (await flatClient.query({ name, text, values: [keys] })).rows
  return {
    ours: ownBuilder(schema, await connect()),
    LATERAL: await handWritten(() => statements.lateral, true),
    'key push-down': await handWritten(() => statements.pushDown, true),
    'sub-selects': await handWritten(() => statements.subSelects, true),
    [GROUPED]: await handWritten(statements.grouped, false),
    [FLAT]: (ids) => flat(read, ids),
  }
}

function ownBuilder(schema: RootSchema, client: pg.Client): BuildObjects {
  const idsSet = new InMemorySet()
  let built = new Map<string, unknown>()
  const aggregator = new EventAggregator({
    schema,
    client: prepared(client),
    idsSet,
    batchSize: 10_000,
    onChange: ({ upsert }) => {
      for (const { id, object } of upsert) built.set(id, object)
    },
  })
  return async (ids) => {
    built = new Map()
    await idsSet.add(ids)
    await aggregator.buildObjects()
    return built
  }
}

import { EventAggregator, InMemorySet, prepared, type RootSchema } from 'pg-capture'
import type pg from 'pg'
import { bookSchema, scatteredIds } from '../bookshop.ts'
import type { Bench, BenchRow, BenchTable, Stage } from '../harness/bench-table.ts'
import { contest } from '../harness/contest.ts'

export const sizes: Bench = {
  name: 'sizes',
  about: 'objects a second by the size of a batch and by the children of an object',
  async run(stage) {
    const client = await stage.connect()
    return [await batchSizes(stage, client), await childCounts(stage, client)]
  },
}

async function batchSizes(stage: Stage, client: pg.Client): Promise<BenchTable> {
  const total = stage.isFull ? 10_000 : 2_000
  const rows: BenchRow[] = []
  for (const batchSize of [1, 10, 100, 1_000]) {
    stage.tell(`batches of ${batchSize}`)
    const objects = Math.min(total, batchSize * 200)
    const build = builder(bookSchema, client, batchSize)
    const result = await contest(
      { ours: { run: (round) => build(scatteredIds(stage.size.books, objects, round)) } },
      stage.isFull ? 5 : 3,
    )
    rows.push({ label: `batches of ${batchSize.toLocaleString('en')}`, asked: [], figures: result.median })
  }
  return {
    title: 'Objects a second by the size of a batch',
    unit: 'objects/s',
    columns: ['ours'],
    rows,
    notes: [
      'The book of the other tables: five reviews, three tags. The next batch is read while one is emitted.',
    ],
  }
}

async function childCounts(stage: Stage, client: pg.Client): Promise<BenchTable> {
  const counts = [1, 10, 100, 1_000]
  const parents = 100
  await client.query(`
    CREATE TABLE shelf (id int PRIMARY KEY);
    CREATE TABLE copy (id serial PRIMARY KEY, shelf_id int NOT NULL, label text NOT NULL);`)
  for (const [at, count] of counts.entries())
    await client.query(`
      INSERT INTO shelf SELECT ${at * parents} + n FROM generate_series(1, ${parents}) n;
      INSERT INTO copy (shelf_id, label) SELECT ${at * parents} + n, 'Copy number ' || c
      FROM generate_series(1, ${count}) c, generate_series(1, ${parents}) n`)
  await client.query('CREATE INDEX ON copy (shelf_id)')
  await client.query('VACUUM ANALYZE shelf, copy')
  const schema: RootSchema = {
    table: 'shelf',
    primaryKey: 'id',
    schema: {
      type: 'one-to-many',
      column: 'id',
      referencingTable: 'copy',
      referencingColumn: 'shelf_id',
      schema: { type: 'column', column: 'label' },
    },
  }
  const build = builder(schema, client, 1_000)
  const rows: BenchRow[] = []
  for (const [at, count] of counts.entries()) {
    stage.tell(`${count} children`)
    const ids = Array.from({ length: parents }, (_, n) => String(at * parents + n + 1))
    const result = await contest({ ours: { run: () => build(ids) } }, stage.isFull ? 15 : 5)
    const perSecond = result.median['ours'] as number
    rows.push({
      label: `${count.toLocaleString('en')} children`,
      asked: [],
      figures: { ours: perSecond, 'ours, children/s': perSecond * count },
    })
  }
  await client.query('DROP TABLE shelf, copy')
  return {
    title: 'Objects a second by their children',
    unit: 'objects/s',
    columns: ['ours', 'ours, children/s'],
    rows,
    notes: [`${parents} objects at a time, each with one array of texts.`],
  }
}

/** Objects a second of a build of these ids. */
function builder(
  schema: RootSchema,
  client: pg.Client,
  batchSize: number,
): (ids: readonly string[]) => Promise<number> {
  const idsSet = new InMemorySet()
  let built = 0
  const aggregator = new EventAggregator({
    schema,
    client: prepared(client),
    idsSet,
    batchSize,
    onChange: ({ upsert }) => {
      built += upsert.length
    },
  })
  return async (ids) => {
    built = 0
    await idsSet.add(ids)
    const startedAt = performance.now()
    await aggregator.buildObjects()
    const elapsed = performance.now() - startedAt
    if (built !== ids.length) throw new Error(`${built} objects were built of ${ids.length}`)
    return (built / elapsed) * 1_000
  }
}

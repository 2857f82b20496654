import {
  type AggregateFunction,
  buildSchemaQuery,
  EventAggregator,
  type QueryClient,
  type RootSchema,
  type Schema,
} from 'pg-capture'
import { describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'

const database = testDatabase({
  setup: `
    create table author (id int primary key, name text, city int);
    create table book (id int primary key, title text, "authorId" int);
    create table review (id int primary key, "bookId" int, "userId" int, rating int);
    create table reader (id int primary key, name text);
    create table tag (id int primary key, "reviewId" int, label text);
    insert into author select n, 'author ' || n, n % 100 from generate_series(1, 50000) n;
    insert into reader select n, 'reader ' || n from generate_series(1, 50000) n;
    insert into book select n, 'book ' || n, 1 + (n * 7919) % 50000 from generate_series(1, 50000) n;
    insert into review select n, 1 + (n * 7919) % 50000, 1 + (n * 10007) % 50000, n % 5 from generate_series(1, 60000) n;
    insert into tag select n, 1 + (n * 7919) % 60000, 'tag ' || n from generate_series(1, 60000) n;
    create index on book ("authorId"); create index on review ("bookId"); create index on review ("userId");
    create index on tag ("reviewId");
    analyze`,
})

const column = (of: string): Schema => ({ type: 'column', column: of })

const object = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties })

const one = (of: string, referencesTable: string, schema: Schema): Schema => ({
  type: 'many-to-one',
  column: of,
  referencesTable,
  referencesColumn: 'id',
  hasFKConstraint: false,
  schema,
})

const many = (referencingTable: string, referencingColumn: string, schema: Schema): Schema => ({
  type: 'one-to-many',
  column: 'id',
  referencingTable,
  referencingColumn,
  schema,
})

const tags = many('tag', 'reviewId', column('label'))

const aggregated = (
  name: AggregateFunction,
  referencingTable: string,
  referencingColumn: string,
  schema?: Schema,
): Schema => ({
  type: 'aggregate',
  function: name,
  column: 'id',
  referencingTable,
  referencingColumn,
  schema,
})

const tagged = many('review', 'bookId', object({ rating: column('rating'), tags }))

const schemas: Readonly<Record<string, RootSchema>> = {
  'one level': {
    table: 'book',
    primaryKey: 'id',
    schema: object({
      title: column('title'),
      author: one('authorId', 'author', object({ name: column('name') })),
      reviews: many(
        'review',
        'bookId',
        object({ rating: column('rating'), by: one('userId', 'reader', column('name')) }),
      ),
    }),
  },
  'two levels': {
    table: 'author',
    primaryKey: 'id',
    schema: object({
      name: column('name'),
      books: many(
        'book',
        'authorId',
        object({
          title: column('title'),
          reviews: many('review', 'bookId', object({ rating: column('rating'), tags })),
        }),
      ),
    }),
  },
  'flattened arrays': {
    table: 'book',
    primaryKey: 'id',
    schema: object({
      tags: many('review', 'bookId', tags),
      readers: many('review', 'bookId', one('userId', 'reader', column('name'))),
    }),
  },
  aggregates: {
    table: 'author',
    primaryKey: 'id',
    schema: object({
      books: aggregated('count', 'book', 'authorId'),
      some: aggregated('exists', 'book', 'authorId'),
      last: aggregated('max', 'book', 'authorId', column('id')),
      best: aggregated('avg', 'book', 'authorId', many('review', 'bookId', column('rating'))),
    }),
  },
  'the first of many': {
    table: 'author',
    primaryKey: 'id',
    schema: object({
      books: {
        ...many('book', 'authorId', { ...tagged, limit: 2 } as Schema),
        orderBy: { column: 'id', direction: 'desc' },
        limit: 3,
      } as Schema,
      titles: {
        ...many('book', 'authorId', column('title')),
        orderBy: { column: 'title' },
        limit: 1,
      } as Schema,
    }),
  },
  filtered: {
    table: 'book',
    primaryKey: 'id',
    where: { title: { not: 'book 0' } },
    schema: object({
      author: { ...one('authorId', 'author', column('name')), where: { city: { gte: 0 } } } as Schema,
      good: { ...many('review', 'bookId', column('rating')), where: { rating: { in: [3, 4] } } } as Schema,
      tags: { ...many('review', 'bookId', tags), where: { rating: { not: null } } } as Schema,
    }),
  },
  'a wide object': {
    table: 'book',
    primaryKey: 'id',
    schema: object({
      ...Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`p${n}`, column('title')])),
      reviews: many('review', 'bookId', column('rating')),
    }),
  },
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly PlanNode[]
}

/** Tables that the plan of a statement reads from end to end. */
async function scannedTables(text: string, values: unknown[]): Promise<string[]> {
  const [row] = await database.rows<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
    `explain (format json) ${text}`,
    values,
  )
  const scanned = ({ Plans = [], ...node }: PlanNode): string[] => [
    ...(node['Node Type'] === 'Seq Scan' ? [node['Relation Name']!] : []),
    ...Plans.flatMap(scanned),
  ]
  return scanned(row!['QUERY PLAN'][0]!.Plan)
}

/** A client that notes which tables the statements read from end to end. */
class PlanClient implements QueryClient {
  readonly scanned = new Set<string>()
  statements = 0

  async query(text: string, values: unknown[]): Promise<{ rows: unknown[] }> {
    // Whether tables are views is asked once, of the catalog.
    if (text.includes('relkind')) return database.query(text, values)
    // So is what types the columns of a filter have.
    if (!text.includes('pg_attribute')) this.statements += 1
    for (const table of await scannedTables(text, values)) this.scanned.add(table)
    return database.query(text, values)
  }
}

describe('a build reads the rows of its objects by index', () => {
  const cases = Object.keys(schemas).flatMap((name) => [1, 10, 1000].map((count) => [name, count] as const))

  test.each(cases)('%s, %i objects', async (name, count) => {
    const schema = schemas[name]!
    const ids = Array.from({ length: count }, (_, n) => String(1 + ((n * 7919) % 50_000)))
    const client = new PlanClient()
    let built = 0
    const aggregator = new EventAggregator({
      schema,
      client,
      unpositionedEvents: { delayMs: 0 },
      onChange: ({ upsert }) => {
        built += upsert.length
      },
    })
    const table = schema.table as string
    await aggregator.handleEvents(ids.map((id) => ({ action: 'INSERT' as const, table, data: { id } })))
    expect(built).toBe(count)
    expect(client.statements).toBe(1)

    const { text, values } = buildSchemaQuery(schema, ids).toQuery()
    const scanned = new Set([...client.scanned, ...(await scannedTables(text, values))])
    // For a thousand books a scan over all authors may be the best plan; for arrays it never is.
    for (const child of ['review', 'tag', ...(table === 'author' ? ['book'] : [])])
      expect(scanned).not.toContain(child)
    expect([...scanned].filter(() => count <= 10)).toEqual([])
  })
})

describe('a look-up finds the objects of a row by index', () => {
  const events = {
    'through one link': { table: 'author', data: { id: 7, name: 'b' }, dataOld: { id: 7, name: 'a' } },
    'through a join': { table: 'reader', data: { id: 9, name: 'b' }, dataOld: { id: 9, name: 'a' } },
  }

  test.each(Object.entries(events))('%s', async (_, event) => {
    const client = new PlanClient()
    const aggregator = new EventAggregator({
      schema: schemas['one level']!,
      client,
      unpositionedEvents: { delayMs: 0 },
      onChange: () => undefined,
    })
    await aggregator.handleEvent({ action: 'UPDATE', ...event })
    expect(client.statements).toBe(2)
    expect([...client.scanned]).toEqual([])
  })

  test('for a batch of a hundred rows', async () => {
    const client = new PlanClient()
    const aggregator = new EventAggregator({
      schema: schemas['one level']!,
      client,
      unpositionedEvents: { delayMs: 0 },
      scheduleBuildObjects: () => undefined,
    })
    await aggregator.handleEvents(
      Array.from({ length: 100 }, (_, n) => ({
        action: 'UPDATE' as const,
        table: 'reader',
        data: { id: n + 1, name: 'b' },
        dataOld: { id: n + 1, name: 'a' },
      })),
    )
    expect(client.statements).toBe(1)
    expect([...client.scanned]).toEqual([])
  })
})

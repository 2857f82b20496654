import { EventAggregator, InMemorySet, type RootSchema, type WALEvent } from 'pg-capture'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { NotingClient } from './noting-client.ts'

const books = 250_000

const database = testDatabase({
  setup: `
    create table author (id int primary key, name text);
    create table book (shelf int, id int, "authorId" int, primary key (shelf, id));
    create index on book ("authorId");
    insert into author values (1, 'Alice');
    insert into book select n % 3, n, 1 from generate_series(1, ${books}) n;
    analyze`,
})

const renamed: WALEvent = {
  action: 'UPDATE',
  table: 'author',
  data: { id: 1, name: 'Alice' },
  dataOld: { id: 1, name: 'Al' },
}

/** Notes how many ids it gets at a time. */
class NotingSet extends InMemorySet {
  readonly added: number[] = []

  override async add(ids: readonly unknown[]): Promise<void> {
    this.added.push(ids.length)
    await super.add(ids)
  }
}

test.each([
  ['an id of one column', 'id'],
  ['an id of two', ['shelf', 'id']],
])('what changes for very many objects goes into the set page by page: %s', async (_, primaryKey) => {
  const schema: RootSchema = {
    table: 'book',
    primaryKey,
    schema: {
      type: 'many-to-one',
      column: 'authorId',
      referencesTable: 'author',
      referencesColumn: 'id',
      hasFKConstraint: false,
      schema: { type: 'column', column: 'name' },
    },
  }
  const idsSet = new NotingSet()
  const client = new NotingClient(database)
  const aggregator = new EventAggregator({
    schema,
    client,
    idsSet,
    unpositionedEvents: { delayMs: 0 },
    scheduleBuildObjects: () => undefined,
  })
  await aggregator.handleEvents([renamed, renamed])
  expect(idsSet.added).toEqual([200_000, 50_000])
  expect(await idsSet.backlog()).toMatchObject({ pending: books, inFlight: 0 })
  expect(client.lookUps).toHaveLength(2)
})

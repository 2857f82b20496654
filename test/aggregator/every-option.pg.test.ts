import {
  type AggregateFunction,
  type AggregateSchema,
  EventAggregator,
  type ManyToOneSchema,
  type OneToManySchema,
  type Schema,
  type WALEvent,
} from 'pg-capture'
import { beforeEach, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'

// What each option of a relation makes of the changes of its rows: a relation that gets another option does not compile here
// without its cases.

const database = testDatabase({
  setup: `
    create table author (id int primary key, name text, hidden boolean);
    create table book (id int primary key, author_id int);
    create table review (id int primary key, book_id int, rating int, body text);
    create table vote (id int primary key, review_id int, voter text)`,
})

beforeEach(async () => {
  await database.query(`
    truncate author, book, review, vote;
    insert into author values (1, 'Jane', false);
    insert into book values (1, 1);
    insert into review values (10, 1, 5, 'a'), (11, 1, 3, null);
    insert into vote values (100, 10, 'x'), (101, 11, 'y')`)
})

interface Step {
  readonly sql: string
  readonly event: WALEvent
  /** The object after it; left out where nothing is to be built. */
  readonly object?: unknown
}

interface Case {
  readonly schema: Schema
  readonly steps: readonly Step[]
}

const column = (of: string): Schema => ({ type: 'column', column: of })

function reviews(schema: Schema, more: Partial<OneToManySchema> = {}): Schema {
  const link = { column: 'id', referencingTable: 'review', referencingColumn: 'book_id' } as const
  return { type: 'one-to-many', ...link, schema, ...more }
}

const votes: Schema = {
  type: 'one-to-many',
  column: 'id',
  referencingTable: 'vote',
  referencingColumn: 'review_id',
  schema: column('voter'),
}

type Row = Record<string, unknown>

const review = (id: number, rating: number, body: string | null): Row => ({ id, book_id: 1, rating, body })

function inserted(table: string, row: Row, object?: unknown): Step {
  const values = Object.values(row).map((value) =>
    typeof value === 'string' ? `'${value}'` : value === null ? 'null' : String(value as number),
  )
  return {
    sql: `insert into ${table} values (${values.join(', ')})`,
    event: { action: 'INSERT', table, data: row },
    object,
  }
}

function updated(table: string, dataOld: Row, set: Row, object?: unknown): Step {
  const pairs = Object.entries(set).map(
    ([name, value]) =>
      `${name} = ${typeof value === 'string' ? `'${value}'` : String(value as number | boolean | null)}`,
  )
  return {
    sql: `update ${table} set ${pairs.join(', ')} where id = ${dataOld['id'] as number}`,
    event: { action: 'UPDATE', table, data: { ...dataOld, ...set }, dataOld },
    object,
  }
}

function deleted(table: string, dataOld: Row, object?: unknown): Step {
  return {
    sql: `delete from ${table} where id = ${dataOld['id'] as number}`,
    event: { action: 'DELETE', table, dataOld },
    object,
  }
}

type Option<Relation, Always extends keyof Relation> = Exclude<
  keyof Relation,
  Always | 'type' | 'column' | 'schema'
>

const manyToOne: Record<
  Option<ManyToOneSchema, 'referencesTable' | 'referencesColumn' | 'hasFKConstraint'>,
  Case
> = {
  where: {
    schema: {
      type: 'many-to-one',
      column: 'author_id',
      referencesTable: 'author',
      referencesColumn: 'id',
      hasFKConstraint: false,
      where: { hidden: false },
      schema: column('name'),
    },
    steps: [
      updated('author', { id: 1, name: 'Jane', hidden: false }, { hidden: true }, null),
      updated('author', { id: 1, name: 'Jane', hidden: true }, { name: 'Anne' }),
      updated('author', { id: 1, name: 'Anne', hidden: true }, { hidden: false }, 'Anne'),
    ],
  },
}

const oneToMany: Record<Option<OneToManySchema, 'referencingTable' | 'referencingColumn'>, Case> = {
  where: {
    schema: reviews(column('rating'), { where: { rating: { in: [4, 5] } } }),
    steps: [
      updated('review', review(11, 3, null), { rating: 4 }, [4, 5]),
      updated('review', review(10, 5, 'a'), { rating: 1 }, [4]),
      updated('review', review(10, 1, 'a'), { rating: 2 }),
    ],
  },
  orderBy: {
    schema: reviews(column('body'), { keepNulls: true, orderBy: { column: 'rating' } }),
    steps: [
      updated('review', review(10, 5, 'a'), { rating: 1 }, ['a', null]),
      updated('review', review(10, 1, 'a'), { rating: 9 }, [null, 'a']),
    ],
  },
  limit: {
    schema: reviews(column('rating'), { limit: 2, where: { rating: { lt: 9 } } }),
    steps: [
      inserted('review', review(9, 1, 'b'), [1, 3]),
      updated('review', review(9, 1, 'b'), { rating: 9 }, [3, 5]),
      deleted('review', review(11, 3, null), [5]),
    ],
  },
  flatten: {
    schema: reviews(votes, { flatten: false }),
    steps: [
      inserted('vote', { id: 102, review_id: 11, voter: 'w' }, [['x'], ['w', 'y']]),
      inserted('review', review(12, 4, null), [['x'], ['w', 'y'], []]),
      updated('vote', { id: 100, review_id: 10, voter: 'x' }, { review_id: 12 }, [[], ['w', 'y'], ['x']]),
      deleted('review', review(10, 5, 'a'), [['w', 'y'], ['x']]),
    ],
  },
  keepNulls: {
    schema: reviews(column('body'), { keepNulls: true, orderBy: { column: 'id' } }),
    steps: [
      updated('review', review(10, 5, 'a'), { body: null }, [null, null]),
      inserted('review', review(12, 1, null), [null, null, null]),
      deleted('review', review(11, 3, null), [null, null]),
      updated('review', review(12, 1, null), { body: 'b' }, [null, 'b']),
    ],
  },
}

const aggregate: Record<AggregateFunction, Case> & Record<'where', Case> = {
  count: followed('count', [3, 2, 2], true),
  exists: followed('exists', [true, true, true], true),
  sum: followed('sum', [15, 10, 8]),
  avg: followed('avg', [5, 5, 4]),
  min: followed('min', [3, 3, 1]),
  max: followed('max', [7, 7, 7]),
  where: {
    schema: {
      type: 'aggregate',
      function: 'count',
      column: 'id',
      referencingTable: 'review',
      referencingColumn: 'book_id',
      where: { rating: { in: [4, 5] } },
    },
    steps: [
      updated('review', review(11, 3, null), { rating: 4 }, 2),
      deleted('review', review(10, 5, 'a'), 1),
      inserted('review', review(12, 2, null)),
    ],
  },
}

/** A function of the ratings, after a third review, without the first one, and with another rating of the second one. */
function followed(name: AggregateFunction, values: readonly unknown[], ofRows = false): Case {
  const schema: AggregateSchema = {
    type: 'aggregate',
    function: name,
    column: 'id',
    referencingTable: 'review',
    referencingColumn: 'book_id',
    ...(ofRows ? {} : { schema: column('rating') }),
  }
  // What counts rows does not look at a rating.
  const last = updated('review', review(11, 3, null), { rating: 1 }, ofRows ? undefined : values[2])
  return {
    schema,
    steps: [
      inserted('review', review(12, 7, null), values[0]),
      deleted('review', review(10, 5, 'a'), values[1]),
      last,
    ],
  }
}

describe.each(Object.entries({ 'many-to-one': manyToOne, 'one-to-many': oneToMany, aggregate }))(
  '%s',
  (_, cases: Readonly<Record<string, Case>>) => {
    test.each(Object.entries(cases))('%s', async (__, { schema, steps }) => {
      const built: unknown[] = []
      const aggregator = new EventAggregator({
        schema: { table: 'book', primaryKey: 'id', schema },
        client: database,
        onChange: ({ upsert }) => void built.push(...upsert.map(({ object }) => object)),
      })
      for (const { sql, event, object } of steps) {
        await database.query(sql)
        built.length = 0
        await aggregator.handleEvent(event)
        expect(built, sql).toEqual(object === undefined ? [] : [object])
      }
    })
  },
)

import { type Changes, EventAggregator, type Schema, type WALEvent } from 'pg-capture'
import { beforeEach, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'

// Each kind of a schema under each action of an event. A kind or an action that is added does not compile without its cases.

const database = testDatabase({
  setup: `
    create table author (id int primary key, name text);
    create table book (id int primary key, title text, author_id int);
    create table review (id int primary key, book_id int, rating int)`,
})

beforeEach(async () => {
  await database.query(`
    truncate author, book, review;
    insert into author values (1, 'Jane'), (2, 'Anne');
    insert into book values (1, 'Emma', 1), (2, 'Agnes', 2), (3, 'Jude', 3);
    insert into review values (10, 1, 5), (11, 1, 3), (12, 2, 4)`)
})

type Kind = Schema['type']
type Action = WALEvent['action']

interface Case {
  /** What happens, and the event that tells of it. */
  readonly sql: string
  readonly event: Omit<WALEvent, 'action'>
  /** What comes of it: objects by id, and ids. */
  readonly upsert?: Readonly<Record<string, unknown>>
  readonly delete?: readonly string[]
  readonly truncated?: true
}

const column = (of: string): Schema => ({ type: 'column', column: of })

const reviews = { column: 'id', referencingTable: 'review', referencingColumn: 'book_id' } as const

const schemas: Readonly<Record<Kind, Schema>> = {
  column: column('title'),
  expression: { type: 'expression', sql: 'UPPER({title})', columns: ['title'] },
  object: { type: 'object', properties: { id: column('id'), title: column('title') } },
  'many-to-one': {
    type: 'many-to-one',
    column: 'author_id',
    referencesTable: 'author',
    referencesColumn: 'id',
    hasFKConstraint: false,
    schema: column('name'),
  },
  'one-to-many': { type: 'one-to-many', ...reviews, schema: column('rating') },
  aggregate: { type: 'aggregate', function: 'sum', ...reviews, schema: column('rating') },
}

/** Events of the root itself, for a kind that shows what is in its row. */
function ofRoot(shown: (title: string, id: number) => unknown): Record<Action, Case> {
  const emma = { id: 1, title: 'Emma', author_id: 1 }
  return {
    INSERT: {
      sql: `insert into book values (4, 'Silas', 1)`,
      event: { table: 'book', data: { id: 4, title: 'Silas', author_id: 1 } },
      upsert: { 4: shown('Silas', 4) },
    },
    UPDATE: {
      sql: `update book set title = 'Persuasion' where id = 1`,
      event: { table: 'book', data: { ...emma, title: 'Persuasion' }, dataOld: emma },
      upsert: { 1: shown('Persuasion', 1) },
    },
    DELETE: {
      sql: 'delete from book where id = 1',
      event: { table: 'book', dataOld: emma },
      delete: ['1'],
    },
    TRUNCATE: { sql: 'truncate book', event: { table: 'book' }, truncated: true },
  }
}

/** Events of the reviews, for a kind that makes one value of their ratings. */
function ofReviews(shown: (ratings: number[]) => unknown): Record<Action, Case> {
  const review = { id: 10, book_id: 1, rating: 5 }
  return {
    INSERT: {
      sql: 'insert into review values (13, 3, 2)',
      event: { table: 'review', data: { id: 13, book_id: 3, rating: 2 } },
      upsert: { 3: shown([2]) },
    },
    UPDATE: {
      sql: 'update review set book_id = 2 where id = 10',
      event: { table: 'review', data: { ...review, book_id: 2 }, dataOld: review },
      upsert: { 1: shown([3]), 2: shown([4, 5]) },
    },
    DELETE: {
      sql: 'delete from review where id = 12',
      event: { table: 'review', dataOld: { id: 12, book_id: 2, rating: 4 } },
      upsert: { 2: shown([]) },
    },
    TRUNCATE: {
      sql: 'truncate review',
      event: { table: 'review' },
      upsert: { 1: shown([]), 2: shown([]), 3: shown([]) },
    },
  }
}

const cases: Readonly<Record<Kind, Readonly<Record<Action, Case>>>> = {
  column: ofRoot((title) => title),
  expression: ofRoot((title) => title.toUpperCase()),
  object: ofRoot((title, id) => ({ id, title })),
  'many-to-one': {
    INSERT: {
      sql: `insert into author values (3, 'Thomas')`,
      event: { table: 'author', data: { id: 3, name: 'Thomas' } },
      upsert: { 3: 'Thomas' },
    },
    UPDATE: {
      sql: `update author set name = 'Jane Austen' where id = 1`,
      event: { table: 'author', data: { id: 1, name: 'Jane Austen' }, dataOld: { id: 1, name: 'Jane' } },
      upsert: { 1: 'Jane Austen' },
    },
    DELETE: {
      sql: 'delete from author where id = 2',
      event: { table: 'author', dataOld: { id: 2, name: 'Anne' } },
      upsert: { 2: null },
    },
    TRUNCATE: {
      sql: 'truncate author',
      event: { table: 'author' },
      upsert: { 1: null, 2: null, 3: null },
    },
  },
  'one-to-many': ofReviews((ratings) => ratings),
  aggregate: ofReviews((ratings) => (ratings.length === 0 ? null : ratings.reduce((sum, one) => sum + one))),
}

describe.each(Object.entries(cases))('%s', (kind, byAction) => {
  test.each(Object.entries(byAction))('%s', async (action, { sql, event, ...outcome }) => {
    const emitted: Changes[] = []
    let truncated = false
    const aggregator = new EventAggregator({
      schema: { table: 'book', primaryKey: 'id', schema: schemas[kind as Kind] },
      client: database,
      onChange: (changes) => void emitted.push(changes),
      onTruncate: () => {
        truncated = true
      },
    })
    await database.query(sql)
    await aggregator.handleEvent({ action, ...event } as WALEvent)
    const upserted = emitted.flatMap(({ upsert }) => upsert.map(({ id, object }) => [id, object] as const))
    expect(Object.fromEntries(upserted)).toEqual(outcome.upsert ?? {})
    expect(emitted.flatMap((changes) => changes.delete)).toEqual(outcome.delete ?? [])
    expect(truncated).toBe(outcome.truncated === true)
  })
})

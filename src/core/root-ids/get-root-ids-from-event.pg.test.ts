import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import type { WALEvent } from '../events/wal-event.ts'
import type { RootSchema, Schema } from '../schema/schema.ts'
import { getRootIdsFromEvent } from './get-root-ids-from-event.ts'

const database = testDatabase({
  setup: `
    create table book (id int primary key, isbn text, "authorId" int, "editorId" int);
    create table edition (id int, "bookIsbn" text, "printerId" int);
    create table printer (id int, "cityId" int);
    create table fair ("cityId" int, name text);
    insert into book values (1, 'a', 10, 11), (2, 'b', 11, 10), (3, 'c', 12, null);
    insert into edition values (100, 'a', 50), (101, 'a', 51), (102, 'b', 51);
    insert into printer values (50, 7), (51, 8)`,
})

const name: Schema = { type: 'column', column: 'name' }

const fairs: Schema = {
  type: 'one-to-many',
  column: 'isbn',
  referencingTable: 'edition',
  referencingColumn: 'bookIsbn',
  schema: {
    type: 'many-to-one',
    column: 'printerId',
    referencesTable: 'printer',
    referencesColumn: 'id',
    hasFKConstraint: false,
    schema: {
      type: 'one-to-many',
      column: 'cityId',
      referencingTable: 'fair',
      referencingColumn: 'cityId',
      schema: name,
    },
  },
}

const person = (column: string): Schema => ({
  type: 'many-to-one',
  column,
  referencesTable: 'person',
  referencesColumn: 'id',
  hasFKConstraint: false,
  schema: name,
})

/** What the query finds, by parameters and with the values quoted in: both must be the same. */
async function found(schema: Schema, event: WALEvent): Promise<unknown[]> {
  const root: RootSchema = { table: 'book', primaryKey: 'id', schema }
  const { query } = getRootIdsFromEvent(root, event)
  const rows = await query!.run(database)
  const { rows: quoted } = await database.query<{ id: unknown }>(query!.toString())
  expect(quoted.map(({ id }) => String(id))).toEqual(rows.map(({ id }) => id))
  return rows.map(({ id }) => Number(id)).sort((left, right) => left - right)
}

describe('the query of an event', () => {
  test('finds the roots through a join', async () => {
    expect(await found(fairs, { action: 'INSERT', table: 'fair', data: { cityId: 8, name: 'x' } })).toEqual([
      1, 2,
    ])
  })

  test('finds each root once, however many ways lead to it', async () => {
    const event: WALEvent = {
      action: 'UPDATE',
      table: 'printer',
      data: { id: 51, cityId: 9 },
      dataOld: { id: 50, cityId: 9 },
    }
    expect(await found(fairs, event)).toEqual([1, 2])
  })

  test('finds the old and the new parents of a row that moves', async () => {
    const event: WALEvent = {
      action: 'UPDATE',
      table: 'edition',
      data: { bookIsbn: 'c', printerId: 51 },
      dataOld: { bookIsbn: 'b', printerId: 51 },
    }
    expect(await found(fairs, event)).toEqual([2, 3])
  })

  test('finds the roots of all places of a table', async () => {
    const schema: Schema = { type: 'object', properties: { a: person('authorId'), b: person('editorId') } }
    expect(await found(schema, { action: 'INSERT', table: 'person', data: { id: 11 } })).toEqual([1, 2])
  })

  test('finds every root after a TRUNCATE of a joined table', async () => {
    expect(await found(fairs, { action: 'TRUNCATE', table: 'printer' })).toEqual([1, 2, 3])
  })

  test('takes a key that tries to be SQL as the text that it is', async () => {
    const event: WALEvent = {
      action: 'INSERT',
      table: 'edition',
      data: { bookIsbn: `a' or true; drop table book; --`, printerId: 1 },
    }
    expect(await found(fairs, event)).toEqual([])
    expect(await database.rows('select count(*)::int as n from book')).toEqual([{ n: 3 }])
  })
})

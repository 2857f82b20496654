import { describe, expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import type { Condition } from '../schema/condition.ts'
import type { ManyToOneSchema, RootSchema, Schema } from '../schema/schema.ts'
import { readObjects } from './read-objects.ts'

// Person 1 has no account, and yet there is a seat 1, with a login.
const database = testDatabase({
  setup: `
    create table person (id int primary key, "accountId" int);
    create table account ("personId" int unique, id int primary key);
    create table seat (id int primary key, name text);
    create table login (id int primary key, "seatId" int);
    insert into person values (1, 7), (2, 8);
    insert into account values (2, 8);
    insert into seat values (1, 'one'), (2, 'two'), (7, 'seven'), (8, 'eight');
    insert into login values (10, 1), (20, 2), (70, 7), (80, 8)`,
})

const one = (
  column: string,
  table: string,
  key: string,
  schema: Schema,
  where?: Condition,
): ManyToOneSchema => ({
  type: 'many-to-one',
  column,
  referencesTable: table,
  referencesColumn: key,
  hasFKConstraint: false,
  schema,
  where,
})
const name: Schema = { type: 'column', column: 'name' }
const logins: Schema = {
  type: 'one-to-many',
  column: 'id',
  referencingTable: 'login',
  referencingColumn: 'seatId',
  schema: { type: 'column', column: 'id' },
}

const schemas: Readonly<Record<string, readonly [schema: Schema, ofSecond: unknown]>> = {
  'a row by the column that points on': [
    one('id', 'account', 'personId', one('personId', 'seat', 'id', name)),
    'two',
  ],
  'an array below it': [one('id', 'account', 'personId', one('personId', 'seat', 'id', logins)), [20]],
  'an object below it': [
    one('id', 'account', 'personId', {
      type: 'object',
      properties: { seat: one('personId', 'seat', 'id', name) },
    }),
    { seat: 'two' },
  ],
  'a row by another column, whose filter fixes the one that points on': [
    one('accountId', 'account', 'id', one('personId', 'seat', 'id', name), { personId: 2 }),
    'two',
  ],
}

describe('what hangs on a missing row is missing, though a filter of the root fixes the column that links it:', () => {
  test.each(Object.entries(schemas))('%s', async (_, [schema, ofSecond]) => {
    const expected = [null, ofSecond]
    for (const [index, id] of ['1', '2'].entries()) {
      for (const where of [{ id: Number(id) }, { accountId: [7, 8][index] as number }]) {
        const root: RootSchema = { table: 'person', primaryKey: 'id', schema, where }
        const { present } = await readObjects(root, ['1', '2'], database)
        expect(present).toEqual([{ id, object: expected[index] }])
      }
    }
  })
})

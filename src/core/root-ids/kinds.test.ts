import { describe, expect, test } from 'vitest'
import type { WALEvent } from '../events/wal-event.ts'
import type { RootSchema, Schema } from '../schema/schema.ts'
import { getRootIdsFromEvent } from './get-root-ids-from-event.ts'

/** What an event leads to: ids that it names, or the values of a look-up. */
interface Case {
  readonly table: string
  readonly data?: Readonly<Record<string, unknown>>
  readonly dataOld?: Readonly<Record<string, unknown>>
  readonly ids?: readonly string[]
  readonly lookedUp?: readonly string[]
}

/** For each kind a schema with it below the root `book`, whose key is `id`. */
const schemas: Readonly<Record<Schema['type'], Schema>> = {
  column: { type: 'column', column: 'title' },
  object: { type: 'object', properties: { title: { type: 'column', column: 'title' } } },
  'many-to-one': {
    type: 'many-to-one',
    column: 'authorId',
    referencesTable: 'author',
    referencesColumn: 'id',
    hasFKConstraint: false,
    schema: { type: 'column', column: 'name' },
  },
  'one-to-many': {
    type: 'one-to-many',
    column: 'isbn',
    referencingTable: 'review',
    referencingColumn: 'isbn',
    schema: { type: 'column', column: 'rating' },
  },
}

const ofTheRow: Readonly<Record<WALEvent['action'], Case>> = {
  INSERT: { table: 'book', data: { id: 1, title: 'a' }, ids: ['1'] },
  UPDATE: { table: 'book', data: { id: 1, title: 'b' }, dataOld: { id: 2, title: 'a' }, ids: ['1', '2'] },
  DELETE: { table: 'book', dataOld: { id: 1, title: 'a' }, ids: ['1'] },
  TRUNCATE: { table: 'other' },
}

/** Typed so that a kind without a case for each action does not compile. */
const cases: Readonly<Record<Schema['type'], Readonly<Record<WALEvent['action'], Case>>>> = {
  column: ofTheRow,
  object: ofTheRow,
  'many-to-one': {
    INSERT: { table: 'author', data: { id: 7, name: 'a' }, lookedUp: ['7'] },
    UPDATE: {
      table: 'author',
      data: { id: 7, name: 'b' },
      dataOld: { id: 8, name: 'a' },
      lookedUp: ['7', '8'],
    },
    DELETE: { table: 'author', dataOld: { id: 7, name: 'a' }, lookedUp: ['7'] },
    TRUNCATE: { table: 'author', lookedUp: [] },
  },
  'one-to-many': {
    INSERT: { table: 'review', data: { isbn: 'x', rating: 1 }, lookedUp: ['x'] },
    UPDATE: {
      table: 'review',
      data: { isbn: 'x', rating: 1 },
      dataOld: { isbn: 'y', rating: 1 },
      lookedUp: ['x', 'y'],
    },
    DELETE: { table: 'review', dataOld: { isbn: 'x', rating: 1 }, lookedUp: ['x'] },
    TRUNCATE: { table: 'review', lookedUp: [] },
  },
}

const all = Object.entries(cases).flatMap(([kind, actions]) =>
  Object.entries(actions).map(([action, of]) => [kind as Schema['type'], action, of] as const),
)

describe('each kind of schema and each action', () => {
  test.each(all)('%s, %s', (kind, action, { table, data, dataOld, ids = [], lookedUp }) => {
    const schema: RootSchema = { table: 'book', primaryKey: 'id', schema: schemas[kind] }
    const found = getRootIdsFromEvent(schema, { action, table, data, dataOld } as WALEvent)
    expect(found.ids).toEqual(ids)
    expect(found.query?.toQuery().values).toEqual(lookedUp)
  })
})

import { expect, test } from 'vitest'
import type { RootSchema, Schema } from '../schema/schema.ts'
import { tableRequirements } from './table-requirements.ts'

const name: Schema = { type: 'column', column: 'name' }

const books: RootSchema = {
  table: 'library.book',
  primaryKey: 'isbn',
  schema: {
    type: 'object',
    properties: {
      name,
      reviews: {
        type: 'one-to-many',
        column: 'isbn',
        referencingTable: 'review',
        referencingColumn: 'bookIsbn',
        schema: {
          type: 'many-to-one',
          column: 'readerId',
          referencesTable: 'reader',
          referencesColumn: 'id',
          hasFKConstraint: true,
          schema: name,
        },
      },
      sequel: {
        type: 'many-to-one',
        column: 'sequelId',
        referencesTable: 'library.book',
        referencesColumn: 'id',
        hasFKConstraint: true,
        schema: name,
      },
    },
  },
}

const readers: RootSchema = { table: 'public.reader', primaryKey: 'email', schema: name }

test('tableRequirements names each table once, with the columns that are read, and those by which its rows hang on others', () => {
  const sorted = tableRequirements([books, readers]).map(({ columns = [], ...table }) => ({
    ...table,
    columns: columns.toSorted(),
  }))
  expect(sorted).toEqual([
    {
      schema: 'library',
      table: 'book',
      oldColumns: ['isbn', 'id'],
      columns: ['id', 'isbn', 'name', 'sequelId'],
    },
    { schema: undefined, table: 'review', oldColumns: ['bookIsbn'], columns: ['bookIsbn', 'readerId'] },
    { schema: undefined, table: 'reader', oldColumns: ['id', 'email'], columns: ['email', 'id', 'name'] },
  ])
})

test('tableRequirements asks for nothing that is only shown, and for no column that points downwards', () => {
  const columns = tableRequirements([books]).flatMap(({ oldColumns }) => oldColumns)
  expect(columns).not.toContain('name')
  expect(columns).not.toContain('readerId')
})

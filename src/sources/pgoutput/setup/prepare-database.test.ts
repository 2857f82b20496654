import { expect, test } from 'vitest'
import type { Connection } from '../connection.ts'
import type { DatabaseFacts, TableFacts } from './database-facts.ts'
import { type PreparationParameters, prepareDatabase } from './prepare-database.ts'

const book: TableFacts = {
  schema: 'public',
  table: 'book',
  kind: 'r',
  isUnlogged: false,
  isPartition: false,
  columns: ['id'],
  isPublished: true,
  publishedColumns: ['id'],
  hasRowFilter: false,
  storage: [{ schema: 'public', table: 'book', identity: 'd', identityColumns: ['id'] }],
  heirs: [],
}

function factsOf(table: TableFacts): DatabaseFacts {
  return {
    version: 180000,
    walLevel: 'logical',
    database: 'shop',
    user: 'me',
    walEnd: '0/20',
    slot: {
      plugin: 'pgoutput',
      slot_type: 'logical',
      database: 'shop',
      temporary: false,
      wal_status: 'reserved',
      confirmed_flush_lsn: '0/10',
    },
    publication: {
      puballtables: false,
      pubinsert: true,
      pubupdate: true,
      pubdelete: true,
      pubtruncate: true,
      pubviaroot: true,
    },
    tables: [table],
  }
}

/** A server whose catalogs say this, look by look: it takes a race to see a real one contradict itself. */
function prepare(...looks: readonly TableFacts[]): {
  done: ReturnType<typeof prepareDatabase>
  looked: () => number
} {
  let looked = 0
  const connection = {
    query: async () => [{ facts: JSON.stringify(factsOf(looks[looked++] as TableFacts)) }],
  } as unknown as Connection
  const parameters: PreparationParameters = {
    connection,
    required: [{ schema: 'public', table: 'book', oldColumns: ['id'] }],
    slot: 'books',
    publication: 'books',
    createSlot: true,
    createPublication: true,
    temporary: false,
    isEstablished: true,
    refusal: undefined,
    notify: () => undefined,
    warn: () => undefined,
  }
  return { done: prepareDatabase(parameters), looked: () => looked }
}

test('one look is enough where nothing is wrong', async () => {
  const { done, looked } = prepare(book)
  expect(await done).toEqual({ end: 0x20n, confirmed: 0x10n })
  expect(looked()).toBe(1)
})

test('what is wrong at one look alone, as of a table that is made anew meanwhile, is no problem', async () => {
  const { done, looked } = prepare({ ...book, isPublished: false }, book)
  expect(await done).toEqual({ end: 0x20n, confirmed: 0x10n })
  expect(looked()).toBe(2)
})

test('what is wrong at both looks is', async () => {
  const { done, looked } = prepare({ ...book, isPublished: false }, { ...book, isPublished: false })
  await expect(done).rejects.toMatchObject({ code: 'PUBLICATION_INCOMPLETE' })
  expect(looked()).toBe(2)
})

import { expect, test } from 'vitest'
import { renameTables } from './rename-tables.ts'
import type { WALEvent } from './wal-event.ts'

const event = (name: Pick<WALEvent, 'schema' | 'table'>): WALEvent => ({
  ...name,
  action: 'INSERT',
  data: { id: 1 },
  xid: 5,
})

const toRoot = ({ schema, table }: { schema: string; table: string }) => ({
  schema,
  table: table.replace(/_\d+$/, ''),
})

test('the name comes and goes in parts, whatever form the event has it in', () => {
  expect(
    renameTables(
      [
        event({ table: 'book_1' }),
        event({ table: 'library.book_2' }),
        event({ schema: 'library', table: 'a.b_3' }),
      ],
      toRoot,
    ),
  ).toEqual([
    event({ schema: 'public', table: 'book' }),
    event({ schema: 'library', table: 'book' }),
    event({ schema: 'library', table: 'a.b' }),
  ])
})

test('a name may be given as a text, and stays in its Postgres schema where it tells none', () => {
  const events = [event({ schema: 'parts', table: 'book_1' })]
  expect(renameTables(events, () => 'library.book')).toEqual([event({ schema: 'library', table: 'book' })])
  expect(renameTables(events, () => 'book')).toEqual([event({ schema: 'parts', table: 'book' })])
})

test('the events that were given stay as they are', () => {
  const given = event({ table: 'book_1' })
  renameTables([given], () => 'book')
  expect(given).toEqual(event({ table: 'book_1' }))
})

import { type Changes, EventAggregator, type EventRow, InMemorySet, type WALEvent } from 'pg-capture'
import { describe, expect, test } from 'vitest'
import { bookSchema, library } from '../aggregator/library.ts'
import { captures } from '../support/captures.ts'
import { testDatabase } from '../support/postgres.ts'
import { producers } from './producers.ts'
import { type Change, isKept, jsonText, NumberOf, type TrueRow } from './true-changes.ts'

// Real changes, put into each format as its producer does, lead an aggregator to the objects that the tables hold.

const columns: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  author: { id: 'text', name: 'text' },
  book: { id: 'int4', title: 'text', authorId: 'text' },
  review: { id: 'int4', bookId: 'int4', rating: 'int4' },
}

const database = testDatabase({
  per: 'test',
  setup: `${library};
    alter table review drop constraint "review_bookId_fkey";
    alter table author replica identity full; alter table book replica identity full; alter table review replica identity full;
    alter table book alter title set storage external`,
})
const capture = captures(database)

const statements = [
  `insert into book values (4, 'Four', 'bob'), (5, 'Five', null)`,
  `update author set name = 'Alice B.' where id = 'alice'`,
  `update book set "authorId" = 'bob' where id = 1`,
  `update book set title = repeat('long', 1000) where id = 2`,
  `update book set "authorId" = null where id = 2`,
  `update review set "bookId" = 4 where id = 10`,
  `update review set "bookId" = null where id = 11`,
  `insert into review values (12, 2, 1), (13, 3, 2), (14, 5, 4)`,
  `update review set rating = 2 where id = 14`,
  `update review set id = 15 where id = 12`,
  `update book set id = 30 where id = 3`,
  `delete from review where id = 14`,
  `delete from book where id = 1`,
  `insert into author values ('end', 'The End')`,
]

/** What Postgres sends as an UPDATE's new row and what it leaves out, put back together from a whole event. */
function changeOf(event: WALEvent): Change {
  const before = trueRow(event.table, event.dataOld)
  const after = trueRow(event.table, event.data)
  const change = {
    table: event.table,
    columns: columns[event.table]!,
    key: ['id'],
    before,
    after,
    identity: 'full',
    isTold: true,
    isMarked: true,
    toasted: [],
  } as const
  if (before === null || after === null) return change
  const isLong = (column: string): boolean => jsonText(after[column]).length > 2_000
  return {
    ...change,
    toasted: Object.keys(after).filter((column) => isLong(column) && isKept(change, column)),
  }
}

function trueRow(table: string, row: EventRow | undefined): TrueRow | null {
  if (row === undefined) return null
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => {
      const text = typeof value === 'string' ? value : null
      return [column, text !== null && columns[table]![column] === 'int4' ? new NumberOf(text) : text]
    }),
  )
}

/** Every object that the tables hold. */
async function objectsNow(): Promise<Map<string, unknown>> {
  const replica = new Map<string, unknown>()
  const idsSet = new InMemorySet()
  await idsSet.add((await database.rows<{ id: string }>('select id::text from book')).map(({ id }) => id))
  const client = database.pool()
  await new EventAggregator({ schema: bookSchema, client, idsSet, onChange: applyTo(replica) }).buildObjects()
  return replica
}

const applyTo =
  (replica: Map<string, unknown>) =>
  ({ upsert, delete: deleted }: Changes): void => {
    for (const { id, object } of upsert) replica.set(id, object)
    for (const id of deleted) replica.delete(id)
  }

describe.each(Object.entries(producers))('%s', (_name, { write, read }) => {
  test('its events lead to the objects of the tables', async () => {
    const running = await capture.start(
      Object.entries(columns).map(([table, types]) => ({ table, oldColumns: Object.keys(types) })),
    )
    const replica = await objectsNow()
    for (const statement of statements) await database.query(statement)
    await running.until(() => running.events.some(({ data }) => data?.['id'] === 'end'), 'the last change')

    const aggregator = new EventAggregator({
      schema: bookSchema,
      client: database.pool(),
      onChange: applyTo(replica),
    })
    for (const event of running.events) {
      const change = changeOf(event)
      await aggregator.handleEvents(write(change).flatMap((message) => read(message, change)))
    }
    expect(replica).toEqual(await objectsNow())
    expect([...replica.keys()].sort()).toEqual(['2', '30', '4', '5'])
    expect(replica.get('4')).toEqual({ title: 'Four', author: 'Bob', ratings: [5] })
  })
})

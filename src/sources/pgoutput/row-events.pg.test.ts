import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EventCollector } from '../../../test/support/event-collector.ts'
import { testDatabase } from '../../../test/support/postgres.ts'
import { PgoutputSource, type SourceEvent } from './pgoutput-source.ts'

const database = testDatabase({
  setup: `
    create table book (id int primary key, title text, author_id int);
    alter table book replica identity full;
    create table author (id int primary key, name text);
    create table unread (id int primary key);
  `,
  per: 'test',
})

const tables = [
  { table: 'book', oldColumns: ['id', 'author_id'] },
  { table: 'author', oldColumns: ['id'] },
]

let source: PgoutputSource
let collector: EventCollector
let happened: SourceEvent[]

beforeEach(async () => {
  happened = []
  source = new PgoutputSource({
    connection: database.url,
    slot: database.name,
    publication: database.name,
    onEvent: (event) => happened.push(event),
  })
  collector = new EventCollector(source, tables)
  await collector.until(() => happened.some((event) => event.type === 'connected'), 'the connection')
})

afterEach(async () => {
  await source.drop()
})

describe('kinds of change', () => {
  test('INSERT, UPDATE, DELETE and TRUNCATE, with the transaction they belong to', async () => {
    await database.query(`insert into book values (1, 'Emma', null)`)
    await database.query(`update book set title = 'Persuasion' where id = 1`)
    await database.query(`delete from book`)
    await database.query(`truncate book, author`)
    const events = await collector.untilEvents(5)
    expect(events).toMatchObject([
      {
        action: 'INSERT',
        schema: 'public',
        table: 'book',
        data: { id: '1', title: 'Emma', author_id: null },
      },
      {
        action: 'UPDATE',
        data: { id: '1', title: 'Persuasion', author_id: null },
        dataOld: { id: '1', title: 'Emma', author_id: null },
      },
      { action: 'DELETE', dataOld: { id: '1', title: 'Persuasion', author_id: null } },
      { action: 'TRUNCATE', table: 'book' },
      { action: 'TRUNCATE', table: 'author' },
    ])
  })
})

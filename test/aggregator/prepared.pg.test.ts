import { EventAggregator, prepared } from 'pg-capture'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { bookSchema, firstBook, library, retitled, secondBook } from './library.ts'

const database = testDatabase({ setup: library })

interface Prepared {
  readonly name: string
  readonly statement: string
  readonly plans: number
}

/** An aggregator of books whose statements are prepared, and what it has built. */
function buildingOver(client: pg.Client): { aggregator: EventAggregator; built: unknown[] } {
  const built: unknown[] = []
  const aggregator = new EventAggregator({
    schema: bookSchema,
    client: prepared(client),
    unpositionedEvents: { delayMs: 0 },
    onChange: ({ upsert }) => {
      built.push(...upsert)
    },
  })
  return { aggregator, built }
}

async function preparedBy(client: pg.Client): Promise<Prepared[]> {
  const { rows } = await client.query<Prepared>(
    'select name, statement, (generic_plans + custom_plans)::int as plans from pg_prepared_statements order by prepare_time',
  )
  return rows
}

test('each statement of an aggregator is prepared once for a connection, and gives what it gives unprepared', async () => {
  const client = await database.client()
  const { aggregator, built } = buildingOver(client)
  await aggregator.handleEvent(retitled('1'))
  const first = await preparedBy(client)
  await aggregator.handleEvent(retitled('2'))
  const author = { action: 'UPDATE', table: 'author', data: { id: 'alice', name: 'Alice' } } as const
  await aggregator.handleEvent({ ...author, dataOld: { id: 'alice', name: 'Al' } })
  expect(built).toEqual([firstBook, secondBook, firstBook, secondBook])

  const all = await preparedBy(client)
  expect(all.slice(0, first.length).map(({ name }) => name)).toEqual(first.map(({ name }) => name))
  const build = all.find(({ statement }) => statement.includes('JSON_BUILD_OBJECT'))
  expect(build?.plans).toBe(3)
  expect(new Set(all.map(({ statement }) => statement)).size).toBe(all.length)
})

test('two clients over one connection do not take the name of each other', async () => {
  const client = await database.client()
  const [one, two] = [prepared(client), prepared(client)]
  expect(await one.query('select 1 as n where $1::int = 1', [1])).toMatchObject({ rows: [{ n: 1 }] })
  expect(await two.query('select 2 as n where $1::int = 1', [1])).toMatchObject({ rows: [{ n: 2 }] })
  expect(await preparedBy(client)).toHaveLength(2)
})

test('texts without end do not fill the server', async () => {
  const client = await database.client()
  const endless = prepared(client)
  for (let n = 0; n < 1_020; n += 1) {
    const { rows } = await endless.query(`select ${n} as n, $1::text as text`, ['x'])
    expect(rows).toEqual([{ n, text: 'x' }])
  }
  expect(await preparedBy(client)).toHaveLength(1_000)
  expect(await endless.query('select 0 as n, $1::text as text', ['y'])).toMatchObject({
    rows: [{ text: 'y' }],
  })
})

test('a column, or the key itself, that changes its type meanwhile is no trouble', async () => {
  const client = await database.client()
  const { aggregator, built } = buildingOver(client)
  for (const change of [
    'alter table book alter title type varchar(40)',
    'alter table review alter "bookId" type bigint, alter id type numeric',
    'alter table review drop constraint "review_bookId_fkey"; alter table book alter id type text; alter table review alter "bookId" type text',
  ]) {
    await aggregator.handleEvent(retitled('1'))
    await database.query(change)
  }
  await aggregator.handleEvent(retitled('1'))
  expect(built).toEqual(Array.from({ length: 4 }, () => firstBook))
})

test('a connection that does not know what was prepared is no trouble, and an error is told as it is', async () => {
  const client = await database.client()
  const forgetful = prepared(client)
  const seven = (): Promise<unknown> => forgetful.query('select 7 as n where $1::int = 1', [1])
  await seven()
  await client.query('deallocate all')
  expect(await seven()).toMatchObject({ rows: [{ n: 7 }] })
  expect(await preparedBy(client)).toHaveLength(0)
  await seven()
  expect(await preparedBy(client)).toHaveLength(1)
  await expect(forgetful.query('select nothing where $1::int = 1', [1])).rejects.toMatchObject({
    code: '42703',
  })
  await expect(forgetful.query('select 1 / $1::int', [0])).rejects.toMatchObject({ code: '22012' })
})

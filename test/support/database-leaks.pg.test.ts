import pg from 'pg'
import { expect, test } from 'vitest'
import { dropDatabase, findLeaks } from './database-leaks.ts'
import { testDatabase } from './postgres.ts'
import { serviceUrl } from './service-url.ts'

const database = testDatabase()
const name = `pg_capture_test_leaks_${process.pid}`

test('what is left on a database is found, and does not keep it from being dropped', async () => {
  const admin = await database.client()
  await admin.query(`create database ${name}`)
  const ending = await connect()
  void ending.end()
  expect(await findLeaks(admin, name)).toEqual([])

  const left = await connect()
  await left.query(`select pg_create_logical_replication_slot('leak_${process.pid}', 'pgoutput')`)
  expect(await findLeaks(admin, name)).toEqual([
    expect.stringMatching(
      /^a connection \(client backend, application_name "forgotten", idle\): select pg_create_/,
    ),
    `the replication slot "leak_${process.pid}"`,
  ])

  await dropDatabase(admin, name)
  expect(await database.rows('select from pg_database where datname = $1', [name])).toEqual([])
})

async function connect(): Promise<pg.Client> {
  const url = new URL(await serviceUrl('postgres'))
  url.pathname = `/${name}`
  const client = new pg.Client({ connectionString: url.href, application_name: 'forgotten' })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

import { expect, test } from 'vitest'
import { testDatabase } from '../test/support/postgres.ts'
import { freePort } from './free-port.ts'
import { provideWal2json } from './provide-wal2json.ts'

const database = testDatabase({ service: 'wal2json' })

test('the server that tests share has the plugin', async () => {
  const client = await database.client()
  const { rows } = await client.query(
    `select slot_name from pg_create_logical_replication_slot($1, 'wal2json', true)`,
    [`${database.name}_plugin`],
  )
  expect(rows).toHaveLength(1)
  await client.query('select pg_drop_replication_slot($1)', [`${database.name}_plugin`])
})

test('an URL from the environment is used before all else', async () => {
  const service = await provideWal2json({ TEST_WAL2JSON_URL: database.url })
  expect(service.url).toBe(database.url)
  expect(service.report).toMatch(/^wal2json: Postgres \d+\.\d+ .*of TEST_WAL2JSON_URL/)
  await service.stop()
})

test('where nobody answers is an error that names the variable', async () => {
  const environment = { TEST_WAL2JSON_URL: `postgres://127.0.0.1:${await freePort()}/x` }
  await expect(provideWal2json(environment)).rejects.toThrow(/No Postgres at TEST_WAL2JSON_URL/)
})

test('without the plugin, and where it may not be installed, the error says what to do', async () => {
  const providing = provideWal2json(
    {},
    () => undefined,
    async () => 'only root may install packages',
  )
  await expect(providing).rejects.toThrow(
    /only root may install packages\)\. Do one of these: sudo apt-get install postgresql-\d+-wal2json; .*TEST_WAL2JSON_URL/,
  )
})

test('a package that does not bring the plugin is an error, too', async () => {
  const providing = provideWal2json(
    {},
    () => undefined,
    async () => undefined,
  )
  await expect(providing).rejects.toThrow(/the package holds no such plugin/)
})

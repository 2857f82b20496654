import { describe, expect, test } from 'vitest'
import { testDatabase } from '../test/support/postgres.ts'
import { freePort } from './free-port.ts'
import { startPostgres } from './postgres.ts'
import { providePostgres } from './provide-postgres.ts'

const database = testDatabase()

describe('an URL from the environment', () => {
  test('is used before all else, the special variable before the usual one', async () => {
    const nobodyListens = `postgres://127.0.0.1:${await freePort()}/x`
    const environment = {
      TEST_POSTGRES_URL: database.url,
      DATABASE_URL: nobodyListens,
      TEST_POSTGRES_VERSION: '9',
    }
    const service = await providePostgres(environment)
    expect(service.url).toBe(database.url)
    expect(service.report).toMatch(/^postgres: \d+\.\d+ .*of TEST_POSTGRES_URL \(postgres:\/\//)
    await service.stop()
    expect(await database.rows('select 1 as one')).toEqual([{ one: 1 }])
  })

  test('where nobody answers is an error that names the variable and no password', async () => {
    const url = `postgres://me:secret@127.0.0.1:${await freePort()}/x`
    const providing = providePostgres({ DATABASE_URL: url })
    await expect(providing).rejects.toThrow(
      /^No Postgres at DATABASE_URL \(postgres:\/\/me:\*\*\*@.*ECONNREFUSED.*unset/,
    )
    await expect(providing).rejects.not.toThrow(/secret/)
  })

  test('that is none is an error too', async () => {
    await expect(providePostgres({ DATABASE_URL: 'my database' })).rejects.toThrow(
      /No Postgres at DATABASE_URL/,
    )
  })

  test('of a server without logical decoding is an error with the command that turns it on', async () => {
    const server = await startPostgres({ settings: { wal_level: 'replica' } })
    try {
      await expect(providePostgres({ DATABASE_URL: server.url })).rejects.toThrow(
        /The Postgres of DATABASE_URL .* has wal_level=replica\. Run "alter system set wal_level = 'logical'"/,
      )
    } finally {
      await server.stop()
    }
  })
})

test('without an URL one is started, and ended by whoever asked for it', async () => {
  const service = await providePostgres({})
  expect(service.report).toMatch(
    /^postgres: started 18\.\d+ on 127\.0\.0\.1:\d+ \(in a temporary directory\)$/,
  )
  await service.stop()
  await expect(providePostgres({ DATABASE_URL: service.url })).rejects.toThrow(/ECONNREFUSED/)
})

test('a version that is not installed is an error with the command that installs it', async () => {
  await expect(providePostgres({ TEST_POSTGRES_VERSION: '9' })).rejects.toThrow(/Postgres 9 is not installed/)
})

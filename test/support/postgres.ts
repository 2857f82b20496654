import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { dropDatabase, findLeaks } from './database-leaks.ts'
import { serviceTimeout, serviceUrl } from './service-url.ts'

export interface TestDatabaseOptions {
  /** Makes the tables: SQL, or a function over a connection. Runs once per file. */
  setup?: string | ((client: pg.Client) => Promise<void>)
  /** `file` (default): one database for the whole file. `test`: a fresh copy, as `setup` left it, for each test. */
  per?: 'file' | 'test'
  /** `wal2json`: a Postgres that has this output plugin. */
  service?: 'postgres' | 'wal2json'
}

export interface TestDatabase {
  readonly name: string
  /** A superuser's, in a database that nobody else uses. */
  readonly url: string
  /** A connected client, ended after the test (`per: 'test'`) or the file. */
  client(config?: pg.ClientConfig): Promise<pg.Client>
  /** A pool, ended in the same way. */
  pool(config?: pg.PoolConfig): pg.Pool
  /** One statement, or several without parameters, over a connection that all calls share. */
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    sql: string,
    parameters?: readonly unknown[],
  ): Promise<pg.QueryResult<Row>>
  /** The rows of `query`. */
  rows<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    sql: string,
    parameters?: readonly unknown[],
  ): Promise<Row[]>
}

/**
 * A real database for a test file. Call it at the top of the file or of a `describe`; it registers its own hooks, so the
 * values are there inside tests and hooks only.
 *
 * ```ts
 * const database = testDatabase({ setup: 'create table books (id int primary key, title text)' })
 *
 * test('counts books', async () => {
 *   await database.query('insert into books values ($1, $2)', [1, 'Emma'])
 *   expect(await database.rows('select count(*)::int as n from books')).toEqual([{ n: 1 }])
 * })
 * ```
 *
 * What the test opens by itself (with `database.url`) it must close: a connection that is still open afterwards, or a
 * replication slot that is still there, fails the file. Then slots, connections and the database go all the same.
 */
export function testDatabase(options: TestDatabaseOptions = {}): TestDatabase {
  const perTest = options.per === 'test'
  const template = `pg_capture_template_${process.pid}_${randomBytes(4).toString('hex')}`
  let serverUrl: string | undefined
  let current: OpenDatabase | undefined

  async function onServer<T>(use: (admin: pg.Client) => Promise<T>): Promise<T> {
    if (serverUrl === undefined) throw new Error('The Postgres for the tests was not started.')
    return withClient(serverUrl, use)
  }

  async function open(from: string): Promise<void> {
    const name = `pg_capture_test_${process.pid}_${randomBytes(4).toString('hex')}`
    await onServer((admin) => admin.query(`create database ${name} template ${from}`))
    current = new OpenDatabase(name, databaseUrl(serverUrl ?? '', name))
  }

  async function close(): Promise<void> {
    const database = current
    current = undefined
    if (database === undefined) return
    await database.endAll()
    const leaks = await onServer(async (admin) => {
      const found = await findLeaks(admin, database.name)
      await dropDatabase(admin, database.name)
      return found
    })
    if (leaks.length > 0) throw new Error(`Left over on the test database:\n  ${leaks.join('\n  ')}`)
  }

  beforeAll(async () => {
    serverUrl = await serviceUrl(options.service ?? 'postgres')
    if (!perTest) {
      await open('template0')
      await withClient(opened().url, (client) => runSetup(client, options.setup))
      return
    }
    await onServer((admin) => admin.query(`create database ${template} template template0`))
    await withClient(databaseUrl(serverUrl, template), (client) => runSetup(client, options.setup))
  }, serviceTimeout)

  if (perTest) {
    beforeEach(() => open(template))
    afterEach(close, 60_000)
  }

  afterAll(async () => {
    if (!perTest) await close()
    else if (serverUrl !== undefined) await onServer((admin) => dropDatabase(admin, template))
  }, 60_000)

  function opened(): OpenDatabase {
    if (current === undefined) throw new Error('The test database is there inside tests and hooks only.')
    return current
  }

  return {
    get name() {
      return opened().name
    },
    get url() {
      return opened().url
    },
    client: (config) => opened().client(config),
    pool: (config) => opened().pool(config),
    query: (sql, parameters) => opened().query(sql, parameters),
    rows: async (sql, parameters) => (await opened().query(sql, parameters)).rows as never,
  }
}

class OpenDatabase {
  readonly name: string
  readonly url: string
  readonly #ends: (() => Promise<void>)[] = []
  #shared: Promise<pg.Client> | undefined

  constructor(name: string, url: string) {
    this.name = name
    this.url = url
  }

  async client(config: pg.ClientConfig = {}): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.url, application_name: 'test', ...config })
    // Without a listener a connection that the server ends (as some tests want it to) would end the whole process.
    client.on('error', () => undefined)
    await client.connect()
    this.#ends.push(() => client.end())
    return client
  }

  pool(config: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({ connectionString: this.url, application_name: 'test', ...config })
    pool.on('error', () => undefined)
    this.#ends.push(() => (pool.ended || pool.ending ? Promise.resolve() : pool.end()))
    return pool
  }

  async query<Row extends pg.QueryResultRow>(
    sql: string,
    parameters: readonly unknown[] = [],
  ): Promise<pg.QueryResult<Row>> {
    this.#shared ??= this.client()
    const client = await this.#shared
    return parameters.length > 0 ? client.query<Row>(sql, [...parameters]) : client.query<Row>(sql)
  }

  async endAll(): Promise<void> {
    await Promise.all(this.#ends.map((end) => end()))
  }
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

async function runSetup(client: pg.Client, setup: TestDatabaseOptions['setup']): Promise<void> {
  if (typeof setup === 'string') await client.query(setup)
  else await setup?.(client)
}

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

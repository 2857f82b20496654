import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { RedisSetOptions } from 'pg-capture'
import { FOLDING_COLLATION } from './arbitrary/column-types.ts'
import { quoted, quotedTable, tableNames } from './arbitrary/names.ts'
import { EventFeed, MARKER_TABLE } from './event-feed.ts'
import type { Script } from './script.ts'

export interface RedisClients {
  readonly prefix: string
  readonly ioredis: RedisSetOptions['client']
  readonly 'node-redis': RedisSetOptions['client']
}

/** The database, the slot and the connections that all cases of a run share. */
export class OracleServer {
  readonly url: string
  readonly redis: RedisClients
  /** Two, so that transactions overlap. A statement that waits for the other's lock fails soon. */
  readonly writers: readonly [pg.Client, pg.Client]
  readonly pool: pg.Pool
  readonly feed: EventFeed
  #marker = 0n
  #cases = 0

  private constructor(url: string, redis: RedisClients) {
    this.url = url
    this.redis = redis
    const writer = (): pg.Client =>
      new pg.Client({
        connectionString: url,
        application_name: 'oracle writer',
        options: '-c lock_timeout=50ms',
      })
    this.writers = [writer(), writer()]
    this.pool = new pg.Pool({ connectionString: url, application_name: 'oracle reader', max: 6 })
    const name = `oracle_${process.pid}_${randomBytes(4).toString('hex')}`
    this.feed = new EventFeed(url, name, 'oracle')
  }

  static async open(url: string, redis: RedisClients): Promise<OracleServer> {
    const server = new OracleServer(url, redis)
    await Promise.all(server.writers.map((writer) => writer.connect()))
    const [writer] = server.writers
    const schemas = new Set(tableNames.map(({ schema }) => schema))
    for (const schema of schemas) await writer.query(`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`)
    for (const name of tableNames)
      await writer.query(`CREATE TABLE ${quotedTable(name)} (id int PRIMARY KEY)`)
    await writer.query(
      `CREATE COLLATION ${FOLDING_COLLATION} (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    )
    await writer.query(`CREATE TABLE ${MARKER_TABLE} (number bigint PRIMARY KEY)`)
    await writer.query('CREATE PUBLICATION oracle FOR ALL TABLES')
    await server.feed.start()
    // The tables have to stay until the source, which looks for them again when it connects, streams.
    await writer.query(server.markerSql())
    await server.feed.upTo(server.marker)
    return server
  }

  /** Makes the tables of a case, with what is in them before its first step. */
  async prepare(script: Script): Promise<void> {
    const [writer] = this.writers
    // In one transaction, and no other table goes: the source looks now and then whether its tables are there.
    const creations = script.tables.flatMap((table) => [
      `DROP TABLE ${quotedTable(table)} CASCADE`,
      ...table.create,
    ])
    await writer.query(creations.join(';\n'))
    // The rows by themselves: a table created in this transaction would be described to the source with its rows.
    const rows = ['BEGIN', ...script.prepare, this.markerSql(), 'COMMIT']
    try {
      await writer.query(rows.join(';\n'))
    } catch (error) {
      await writer.query('ROLLBACK')
      throw new Error(`The case can't be prepared:\n${rows.join('\n')}`, { cause: error })
    }
    await this.feed.upTo(this.#marker)
    this.#cases += 1
  }

  /** Ends a transaction's events in the stream; give it as the last statement before COMMIT. */
  markerSql(): string {
    this.#marker += 1n
    return `INSERT INTO ${MARKER_TABLE} VALUES (${this.#marker})`
  }

  get marker(): bigint {
    return this.#marker
  }

  /** A key of Redis that no other case has. */
  redisKey(): string {
    return `${this.redis.prefix}${this.#cases}`
  }

  async close(): Promise<void> {
    await this.feed.stop()
    await Promise.all([...this.writers.map((writer) => writer.end()), this.pool.end()])
  }
}

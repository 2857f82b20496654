import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { type ClaimingIdsSet, RedisSet, type RedisSetOptions } from 'pg-capture'
import { PostgresSet } from 'pg-capture/stores/postgres-set'
import { FOLDING_COLLATION } from './arbitrary/column-types.ts'
import { eventNames, MOST_PARTITIONS, partitionNames } from './arbitrary/division.ts'
import { quoted, quotedTable, tableNames } from './arbitrary/names.ts'
import { EventFeed, MARKER_TABLE } from './event-feed.ts'
import type { Script, Setup } from './script.ts'

export interface RedisClients {
  readonly prefix: string
  readonly ioredis: RedisSetOptions['client']
  readonly 'node-redis': RedisSetOptions['client']
}

/** In a Postgres schema of its own: what happens in it is not published. */
const SETS_TABLE = { schema: 'oracle_sets', table: 'pending' }

const ODD_SETTINGS =
  '-c timezone=Asia/Kolkata -c datestyle=SQL,DMY -c intervalstyle=sql_standard -c bytea_output=escape -c extra_float_digits=-5'

/** The database, the slot and the connections that all cases of a run share. */
export class OracleServer {
  readonly url: string
  readonly redis: RedisClients
  /** Two, so that transactions overlap. A statement that waits for the other's lock fails soon. */
  readonly writers: readonly [pg.Client, pg.Client]
  /** What the package reads through: its sessions print values as oddly as they can. */
  readonly pool: pg.Pool
  /** What the states of tables are read through. */
  readonly plainPool: pg.Pool
  /** What sets in Postgres go through. */
  readonly setsPool: pg.Pool
  readonly feed: EventFeed
  #marker = 0n
  #names: Setup['names'] = 'tables'
  #sets = 0

  private constructor(url: string, redis: RedisClients) {
    this.url = url
    this.redis = redis
    const writer = (): pg.Client =>
      new pg.Client({
        connectionString: url,
        application_name: 'oracle writer',
        options: '-c lock_timeout=20ms',
      })
    this.writers = [writer(), writer()]
    this.pool = new pg.Pool({
      connectionString: url,
      application_name: 'oracle reader',
      max: 6,
      options: ODD_SETTINGS,
    })
    this.plainPool = new pg.Pool({
      connectionString: url,
      application_name: 'oracle states',
      max: 2,
      options: '-c timezone=UTC',
    })
    this.setsPool = new pg.Pool({ connectionString: url, application_name: 'oracle sets', max: 4 })
    const name = `oracle_${process.pid}_${randomBytes(4).toString('hex')}`
    this.feed = new EventFeed(url, name, 'oracle')
  }

  static async open(url: string, redis: RedisClients): Promise<OracleServer> {
    const server = new OracleServer(url, redis)
    await Promise.all(server.writers.map((writer) => writer.connect()))
    const [writer] = server.writers
    const schemas = new Set(tableNames.map(({ schema }) => schema))
    for (const schema of schemas) await writer.query(`CREATE SCHEMA IF NOT EXISTS ${quoted(schema)}`)
    for (const name of eventNames())
      await writer.query(`CREATE TABLE ${quotedTable(name)} (id int PRIMARY KEY)`)
    await writer.query(
      `CREATE COLLATION ${FOLDING_COLLATION} (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    )
    await writer.query(`CREATE TABLE ${MARKER_TABLE} (number bigint PRIMARY KEY)`)
    const published = [...schemas].map(quoted)
    await writer.query(
      `CREATE PUBLICATION oracle FOR TABLES IN SCHEMA ${published.join(', ')} WITH (publish_via_partition_root = true)`,
    )
    await writer.query(`CREATE SCHEMA ${SETS_TABLE.schema}`)
    await server.#postgresSet('migration').migrate()
    await server.feed.start()
    // The tables have to stay until the source, which looks for them again when it connects, streams.
    await writer.query(server.markerSql())
    await server.feed.upTo(server.marker)
    return server
  }

  /** Makes the tables of a case, with what is in them before its first step. */
  async prepare(script: Script): Promise<void> {
    const [writer] = this.writers
    const drops = script.tables.flatMap(({ schema, table }) => [
      `DROP TABLE ${quotedTable({ schema, table })} CASCADE`,
      // Where it had none in the case before, something else has their names.
      ...partitionNames({ schema, table }, MOST_PARTITIONS).map(
        (name) => `DROP TABLE IF EXISTS ${quotedTable({ schema, table: name })} CASCADE`,
      ),
    ])
    const creations = script.tables.flatMap(({ create }) => create)
    const publication = this.#publicationSql(script.setup.names ?? 'tables')
    // An autovacuum that has such a table makes way, but not in the time that a writer of a case waits for a lock.
    const patience = `SET LOCAL lock_timeout = '10s'`
    await writer.query([patience, ...drops, ...publication, ...creations].join(';\n'))
    // The rows by themselves: a table created in this transaction would be described to the source with its rows.
    const rows = ['BEGIN', ...script.prepare, this.markerSql(), 'COMMIT']
    try {
      await writer.query(rows.join(';\n'))
    } catch (error) {
      await writer.query('ROLLBACK')
      throw new Error(`The case can't be prepared:\n${rows.join('\n')}`, { cause: error })
    }
    await this.feed.upTo(this.#marker)
  }

  /** Lets the publication send rows of partitions under the given names. */
  #publicationSql(names: Setup['names']): string[] {
    if (names === this.#names) return []
    this.#names = names
    return [`ALTER PUBLICATION oracle SET (publish_via_partition_root = ${names === 'tables'})`]
  }

  /** Ends a transaction's events in the stream; give it as the last statement before COMMIT. */
  markerSql(): string {
    this.#marker += 1n
    return `INSERT INTO ${MARKER_TABLE} VALUES (${this.#marker})`
  }

  get marker(): bigint {
    return this.#marker
  }

  /** The name of a set that no other case has. */
  newSetName(): string {
    this.#sets += 1
    return `${this.redis.prefix}${this.#sets}`
  }

  /** A set object of its own over a set in Redis or Postgres. */
  setInStore(
    kind: Exclude<Setup['set'], 'memory' | 'plain'>,
    name: string,
    batchSize: number,
  ): ClaimingIdsSet {
    if (kind === 'postgres') return this.#postgresSet(name, batchSize)
    return new RedisSet({ client: this.redis[kind], key: name, batchSize })
  }

  #postgresSet(set: string, batchSize?: number): PostgresSet {
    return new PostgresSet({ client: this.setsPool, table: SETS_TABLE, set, batchSize })
  }

  async close(): Promise<void> {
    await this.feed.stop()
    await Promise.all([
      ...this.writers.map((writer) => writer.end()),
      this.pool.end(),
      this.plainPool.end(),
      this.setsPool.end(),
    ])
  }
}

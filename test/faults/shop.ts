import { connect } from 'amqplib'
import pg from 'pg'
import { dropDatabase } from '../support/database-leaks.ts'
import { rootSchemas, shopSetup } from './bookshop.ts'
import { replicaSetup } from './replica.ts'
import type { Stage } from './stage.ts'

/** The databases of one round, and ways into them that no fault touches. They bear a restart of the server. */
export class Shop {
  readonly scope: string
  readonly url: string
  readonly replicaUrl: string
  readonly admin: pg.Pool
  readonly replica: pg.Pool
  readonly #stage: Stage

  private constructor(stage: Stage, scope: string) {
    this.#stage = stage
    this.scope = scope
    this.url = inDatabase(stage.postgres.url, scope)
    this.replicaUrl = inDatabase(stage.postgres.url, `${scope}_replica`)
    this.admin = quietPool(this.url)
    this.replica = quietPool(this.replicaUrl)
  }

  static async open(stage: Stage, scope: string): Promise<Shop> {
    const shop = new Shop(stage, scope)
    await onServer(stage.postgres.url, async (client) => {
      await client.query(`CREATE DATABASE ${scope}`)
      await client.query(`CREATE DATABASE ${scope}_replica`)
    })
    await shop.admin.query(shopSetup)
    await shop.replica.query(replicaSetup)
    return shop
  }

  async close(): Promise<void> {
    await Promise.all([this.admin.end(), this.replica.end()])
    await onServer(this.#stage.postgres.url, async (client) => {
      await dropDatabase(client, this.scope)
      await dropDatabase(client, `${this.scope}_replica`)
    })
    const connection = await connect(this.#stage.rabbitmq.url)
    const channel = await connection.createChannel()
    for (const { table } of rootSchemas) {
      for (const queue of [`${this.scope}.${table}`, `${this.scope}.${table}.delay`]) await channel.deleteQueue(queue)
    }
    await connection.close()
  }
}

function inDatabase(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = database
  return url.href
}

function quietPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 2 })
  pool.on('error', () => undefined)
  return pool
}

async function onServer(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}

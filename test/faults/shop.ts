import { connect } from 'amqplib'
import pg from 'pg'
import { createClient } from 'redis'
import { dropDatabase } from '../support/database-leaks.ts'
import { rootSchemas, shopSetup } from './bookshop.ts'
import { replicaSetup } from './replica.ts'

/** Where servers are reached past all proxies. */
export interface ServerUrls {
  readonly postgres: string
  readonly redis: string
  readonly rabbitmq: string
}

/** The databases of one round, and ways into them that no fault touches. They bear a restart of the server. */
export class Shop {
  readonly scope: string
  readonly url: string
  readonly replicaUrl: string
  readonly admin: pg.Pool
  readonly replica: pg.Pool
  readonly servers: ServerUrls

  private constructor(servers: ServerUrls, scope: string) {
    this.servers = servers
    this.scope = scope
    this.url = inDatabase(servers.postgres, scope)
    this.replicaUrl = inDatabase(servers.postgres, `${scope}_replica`)
    this.admin = quietPool(this.url)
    this.replica = quietPool(this.replicaUrl)
  }

  static async open(servers: ServerUrls, scope: string): Promise<Shop> {
    const shop = new Shop(servers, scope)
    await onServer(servers.postgres, async (client) => {
      await client.query(`CREATE DATABASE ${scope}`)
      await client.query(`CREATE DATABASE ${scope}_replica`)
    })
    await shop.admin.query(shopSetup)
    await shop.replica.query(replicaSetup)
    return shop
  }

  async close(): Promise<void> {
    await Promise.all([this.admin.end(), this.replica.end()])
    await onServer(this.servers.postgres, async (client) => {
      await dropDatabase(client, this.scope)
      await dropDatabase(client, `${this.scope}_replica`)
    })
    await Promise.all([this.#deleteQueues(), this.#deleteKeys()])
  }

  async #deleteQueues(): Promise<void> {
    const connection = await connect(this.servers.rabbitmq)
    const channel = await connection.createChannel()
    for (const { table } of rootSchemas) {
      for (const queue of [`${this.scope}.${table}`, `${this.scope}.${table}.delay`])
        await channel.deleteQueue(queue)
    }
    await connection.close()
  }

  async #deleteKeys(): Promise<void> {
    const client = createClient({ url: this.servers.redis })
    client.on('error', () => undefined)
    await client.connect()
    for await (const keys of client.scanIterator({ MATCH: `*${this.scope}:*` })) {
      if (keys.length > 0) await client.unlink(keys)
    }
    client.destroy()
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

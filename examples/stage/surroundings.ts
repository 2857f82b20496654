import { connect } from 'amqplib'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import pg from 'pg'
import { createClient } from 'redis'
import { provide, type ServiceName } from '../../services/provide.ts'
import { tables } from './bookshop.ts'
import type { Setting } from './setting.ts'

export interface Surroundings {
  readonly setting: Setting
  /** Removes all that was made: servers that were started, and on servers that were found the database, keys and queues. */
  remove(): Promise<void>
}

/** The servers that are needed, found or started, with an empty bookshop of our own in them. */
export async function prepareSurroundings(servers: readonly ServiceName[]): Promise<Surroundings> {
  const removals: (() => Promise<unknown>)[] = []

  async function serverUrl(name: ServiceName): Promise<string> {
    const service = await provide(name)
    removals.unshift(() => service.stop())
    console.log(`  ${service.report}`)
    return service.url
  }

  async function remove(): Promise<void> {
    const results = []
    for (const removal of removals.splice(0))
      results.push(
        await removal().then(
          () => [],
          (error: unknown) => [error],
        ),
      )
    const failures = results.flat()
    if (failures.length > 0) throw new AggregateError(failures, 'Not all could be removed.')
  }

  try {
    const server = await serverUrl('postgres')
    const redisUrl = servers.includes('redis') ? await serverUrl('redis') : ''
    const rabbitmqUrl = servers.includes('rabbitmq') ? await serverUrl('rabbitmq') : ''
    const shop = `bookshop_${process.pid}`

    await onServer(server, `CREATE DATABASE ${shop}`)
    removals.unshift(() => onServer(server, `DROP DATABASE ${shop} WITH (FORCE)`))
    const database = new URL(server)
    database.pathname = shop
    await onServer(database.href, tables)

    const source = new PgoutputSource({ connection: database.href, slot: shop, publication: shop })
    removals.unshift(() => source.drop())
    if (redisUrl !== '') removals.unshift(() => dropKeys(redisUrl, shop))
    if (rabbitmqUrl !== '') removals.unshift(() => dropQueues(rabbitmqUrl, shop))
    const setting = {
      DATABASE_URL: database.href,
      REDIS_URL: redisUrl,
      RABBITMQ_URL: rabbitmqUrl,
      SHOP: shop,
    }
    return { setting, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

async function dropKeys(url: string, shop: string): Promise<void> {
  const client = createClient({ url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    for await (const keys of client.scanIterator({ MATCH: `*${shop}:*` })) {
      if (keys.length > 0) await client.unlink(keys)
    }
  } finally {
    await client.close()
  }
}

async function dropQueues(url: string, shop: string): Promise<void> {
  const connection = await connect(url)
  const channel = await connection.createChannel()
  await channel.deleteQueue(`${shop}.build`)
  await channel.deleteQueue(`${shop}.build.delay`)
  await connection.close()
}

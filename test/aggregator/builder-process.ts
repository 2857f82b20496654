import { type Changes, EventAggregator, type IdsSet, RedisSet } from 'pg-capture'
import { PostgresSet } from 'pg-capture/stores/postgres-set'
import pg from 'pg'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { bookSchema } from './library.ts'

/** What the program gets as its first argument, as JSON. */
export interface BuilderOptions {
  readonly databaseUrl: string
  readonly redisUrl: string
  /** The key in Redis, or the name of the set in Postgres. */
  readonly key: string
  /** Where the set is, and through which client. */
  readonly store: 'ioredis' | 'node-redis' | 'postgres'
  readonly leaseMs: number
  readonly batchSize?: number
  /** Says `holding` from within `onChange` and never comes back: to be killed there. */
  readonly hangs?: boolean
}

// A process of its own that builds when it gets a message, and sends what it emitted.

const options = JSON.parse(process.argv[2] ?? '') as BuilderOptions
const client = new pg.Client(options.databaseUrl)
await client.connect()

const emitted: Changes[] = []
const aggregator = new EventAggregator({
  schema: bookSchema,
  client,
  idsSet: await openSet(),
  leaseMs: options.leaseMs,
  batchSize: options.batchSize,
  onChange: async (changes) => {
    emitted.push(changes)
    if (options.hangs !== true) return
    process.send?.('holding')
    await new Promise(() => undefined)
  },
})

process.on('message', () => {
  void aggregator.buildObjects().then(
    () => process.send?.(emitted.splice(0)),
    (error: unknown) => process.send?.(error),
  )
})
process.on('disconnect', () => process.exit())
process.send?.('ready')

async function openSet(): Promise<IdsSet> {
  const { store, redisUrl, key } = options
  if (store === 'postgres') return new PostgresSet({ client, set: key })
  const redis = store === 'ioredis' ? new Redis(redisUrl) : await createClient({ url: redisUrl }).connect()
  return new RedisSet({ client: redis, key })
}

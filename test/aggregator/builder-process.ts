import { type Changes, EventAggregator, RedisSet } from 'pg-capture'
import pg from 'pg'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { bookSchema } from './library.ts'

/** What the program gets as its first argument, as JSON. */
export interface BuilderOptions {
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly key: string
  readonly redisClient: 'ioredis' | 'node-redis'
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
  idsSet: new RedisSet({ client: await connectRedis(), key: options.key }),
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

async function connectRedis(): Promise<ConstructorParameters<typeof RedisSet>[0]['client']> {
  if (options.redisClient === 'ioredis') return new Redis(options.redisUrl)
  return createClient({ url: options.redisUrl }).connect()
}

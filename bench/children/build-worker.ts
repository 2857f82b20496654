import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { EventAggregator, prepared, RedisSet } from 'pg-capture'
import pg from 'pg'
import { bookSchema } from '../bookshop.ts'

/** What the parent asks for. */
export interface BuildWorkerTask {
  readonly url: string
  readonly redisUrl: string
  readonly key: string
  readonly batchSize: number
  /** How long the sink takes for a batch. */
  readonly sinkMs: number
}

const { url, redisUrl, key, batchSize, sinkMs } = JSON.parse(process.argv[2] ?? '') as BuildWorkerTask
const client = new pg.Client(url)
await client.connect()
const redis = new Redis(redisUrl)
let built = 0
const aggregator = new EventAggregator({
  schema: bookSchema,
  client: prepared(client),
  idsSet: new RedisSet({ client: redis, key }),
  batchSize,
  onChange: async ({ upsert }) => {
    if (sinkMs > 0) await sleep(sinkMs)
    built += upsert.length
  },
})
// The first build prepares the statement.
await aggregator.buildObjects()
process.on('message', () => void build())
process.send?.('ready')

async function build(): Promise<void> {
  await aggregator.buildObjects()
  process.send?.(built)
  process.disconnect()
  redis.disconnect()
  await client.end()
}

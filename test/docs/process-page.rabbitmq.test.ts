import { type Changes, EventAggregator, RedisSet } from 'pg-capture'
import { expect, test } from 'vitest'
import { bookSchema, firstBook, library, secondBook } from '../aggregator/library.ts'
import { testDatabase } from '../support/postgres.ts'
import { testRabbitmq } from '../support/rabbitmq.ts'
import { testRedis } from '../support/redis.ts'

// The snippets of the page "How does it work?" that need RabbitMQ and Redis, with a channel of amqplib as it is.

const database = testDatabase({ setup: library })
const redis = testRedis()
const rabbitmq = testRabbitmq()

test('a message on a queue, sent with a delay that RabbitMQ knows nothing of, lets the other aggregator build', async () => {
  const queue = rabbitmq.queue('process-page')
  const idsSet = { key: `${redis.prefix}process-page` }
  const sending = await (await rabbitmq.connection()).createChannel()
  const channel = await (await rabbitmq.connection()).createChannel()
  await channel.assertQueue(queue)

  const aggregatorEmitter = new EventAggregator({
    schema: bookSchema,
    client: await database.client(),
    idsSet: new RedisSet({ client: await redis.ioRedis(), ...idsSet }),
    scheduleBuildObjects: () => {
      // Its types do not know the option either.
      const options: object = { delay: 100 }
      sending.sendToQueue(queue, Buffer.from('Build objects'), options)
    },
  })

  const emitted: Changes[] = []
  const aggregatorBuilder = new EventAggregator({
    schema: bookSchema,
    client: await database.client(),
    idsSet: new RedisSet({ client: await redis.ioRedis(), ...idsSet }),
    onChange: (changes) => emitted.push(changes),
  })
  let acknowledged = 0
  await channel.consume(queue, (msg) => {
    if (msg === null) return
    void aggregatorBuilder.buildObjects().then(() => {
      channel.ack(msg)
      acknowledged += 1
    })
  })

  await aggregatorEmitter.handleEvent({
    action: 'UPDATE',
    table: 'author',
    data: { id: 'alice', name: 'Alice' },
    dataOld: { id: 'alice', name: 'Bob' },
  })
  await expect.poll(() => acknowledged, { timeout: 20_000 }).toBe(1)
  expect(
    emitted.map(({ upsert }) => upsert.toSorted((left, right) => Number(left.id) - Number(right.id))),
  ).toEqual([[firstBook, secondBook]])
})

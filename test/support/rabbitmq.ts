import { randomBytes } from 'node:crypto'
import { type ChannelModel, connect } from 'amqplib'
import { afterAll, beforeAll } from 'vitest'
import { ownServer } from '../../services/own-server.ts'
import { rabbitmq, type RabbitmqServer, startRabbitmq } from '../../services/rabbitmq.ts'
import { serviceTimeout, serviceUrl } from './service-url.ts'

export interface TestRabbitmq {
  readonly url: string
  /** A name for a queue that no other test has; it and its delay queue are deleted after the file. */
  queue(name: string): string
  /** A connection that is closed after the file. */
  connection(): Promise<ChannelModel>
}

/**
 * A real RabbitMQ for a test file. Call it at the top of the file or of a `describe`; its values are there inside tests and
 * hooks only.
 *
 * ```ts
 * const rabbitmq = testRabbitmq()
 *
 * test('counts', async () => {
 *   const channel = await (await rabbitmq.connection()).createChannel()
 *   expect(await channel.assertQueue(rabbitmq.queue('mine'))).toMatchObject({ messageCount: 0 })
 * })
 * ```
 */
export function testRabbitmq(): TestRabbitmq {
  const prefix = `pg_capture_test.${process.pid}.${randomBytes(4).toString('hex')}.`
  const queues = new Set<string>()
  const connections = new Set<ChannelModel>()
  let url: string | undefined

  function opened(): string {
    if (url === undefined) throw new Error('The test RabbitMQ is there inside tests and hooks only.')
    return url
  }

  async function connection(): Promise<ChannelModel> {
    const made = await connect(opened())
    // Without a listener a lost connection (as some tests want it) would end the whole process.
    made.on('error', () => undefined)
    made.on('close', () => connections.delete(made))
    connections.add(made)
    return made
  }

  beforeAll(async () => {
    url = await serviceUrl('rabbitmq')
  }, serviceTimeout)

  afterAll(async () => {
    if (url === undefined) return
    const channel = await (await connection()).createChannel()
    for (const queue of queues) {
      await channel.deleteQueue(queue)
      await channel.deleteQueue(`${queue}.delay`)
    }
    await Promise.all([...connections].map((made) => made.close()))
  }, 60_000)

  return {
    get url() {
      return opened()
    },
    queue(name) {
      queues.add(`${prefix}${name}`)
      return `${prefix}${name}`
    },
    connection,
  }
}

/** Starts a RabbitMQ of this test alone, which may be restarted; from the PATH, or from Debian's package. */
export function ownRabbitmq(): Promise<RabbitmqServer> {
  return ownServer(rabbitmq, startRabbitmq)
}

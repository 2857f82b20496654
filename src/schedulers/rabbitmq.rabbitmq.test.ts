import { type ChannelModel, connect } from 'amqplib'
import { CaptureError } from 'pg-capture'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ownRabbitmq, testRabbitmq } from '../../test/support/rabbitmq.ts'
import {
  type BuildConsumer,
  consumeBuilds,
  type ConsumeBuildsOptions,
  rabbitmqScheduler,
} from './rabbitmq.ts'

const rabbitmq = testRabbitmq()
vi.setConfig({ testTimeout: 60_000 })
const never = 60_000
/** How long something that has to happen may take on a busy machine. */
const patience = { timeout: 20_000 }

const consumers = new Set<BuildConsumer>()
afterEach(async () => {
  await Promise.all([...consumers].map((consumer) => consumer.stop()))
  consumers.clear()
})

async function scheduler(queue: string, delayMs?: number): Promise<() => Promise<void>> {
  const connection = await rabbitmq.connection()
  return rabbitmqScheduler({ openChannel: () => connection.createConfirmChannel(), queue, delayMs })
}

/** The times at which messages arrive that nothing but the test takes, in milliseconds from now. */
async function arrivals(queue: string): Promise<number[]> {
  const channel = await (await rabbitmq.connection()).createChannel()
  const times: number[] = []
  const origin = performance.now()
  await channel.consume(queue, () => times.push(performance.now() - origin), { noAck: true })
  return times
}

async function waiting(queue: string): Promise<number> {
  const connection = await rabbitmq.connection()
  const channel = await connection.createChannel()
  const { messageCount } = await channel.checkQueue(queue)
  await connection.close()
  return messageCount
}

/** A consumer of a stand-in aggregator, which notes when its builds start; the one at the start of the consumer is not counted. */
async function consumer(
  queue: string,
  build: (attempt: number) => Promise<void> | void,
  options: Partial<ConsumeBuildsOptions> = {},
): Promise<{ consumer: BuildConsumer; starts: number[]; errors: unknown[] }> {
  const connection = options.openChannel === undefined ? await rabbitmq.connection() : undefined
  const starts: number[] = []
  const errors: unknown[] = []
  let isFirst = true
  const made = consumeBuilds({
    openChannel: () => connection!.createChannel(),
    queue,
    sweepMs: never,
    onError: (error) => errors.push(error),
    aggregator: {
      emits: true,
      retryInMs: null,
      async buildObjects() {
        if (isFirst) {
          isFirst = false
          return
        }
        starts.push(performance.now())
        await build(starts.length)
      },
    },
    ...options,
  })
  consumers.add(made)
  return { consumer: made, starts, errors }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('rabbitmqScheduler', () => {
  test('500 requests at once become one message, after the delay', async () => {
    const queue = rabbitmq.queue('burst')
    const schedule = await scheduler(queue, 200)
    await schedule()
    const times = await arrivals(queue)
    await expect.poll(() => times.length, patience).toBe(1)
    times.length = 0

    const origin = performance.now()
    await Promise.all(Array.from({ length: 500 }, () => schedule()))
    await expect.poll(() => times.length, patience).toBeGreaterThan(0)
    expect(performance.now() - origin).toBeGreaterThanOrEqual(200)
    await pause(500)
    // One, unless this machine took longer than the delay to send them all.
    expect(times.length).toBeLessThanOrEqual(2)
  })

  test('requests without end become a message for each delay, and the last of them has its own', async () => {
    const queue = rabbitmq.queue('stream')
    const schedule = await scheduler(queue, 100)
    await schedule()
    const times = await arrivals(queue)
    let requests = 0
    let lastRequest = 0
    const origin = performance.now()
    while (performance.now() - origin < 1_000) {
      lastRequest = performance.now() - origin
      await schedule()
      requests += 1
      await pause(2)
    }
    await expect.poll(() => times.at(-1) ?? 0, patience).toBeGreaterThan(lastRequest)
    expect(times.length).toBeLessThanOrEqual(13)
    expect(requests).toBeGreaterThan(times.length)
  })

  test('with nobody to build, one message waits, however many requests there were', async () => {
    const queue = rabbitmq.queue('alone')
    const schedule = await scheduler(queue, 10)
    for (let round = 0; round < 10; round += 1) {
      await schedule()
      await pause(20)
    }
    await expect.poll(() => waiting(`${queue}.delay`), patience).toBe(0)
    expect(await waiting(queue)).toBe(1)
  })

  test('a delay that changes needs no new queue', async () => {
    const queue = rabbitmq.queue('changed')
    await (
      await scheduler(queue, 10)
    )()
    await (
      await scheduler(queue, 20)
    )()
    await expect.poll(() => waiting(queue), patience).toBe(1)
  })

  test('a channel without confirms is refused, as nobody would learn what became of a message', async () => {
    const connection = await rabbitmq.connection()
    const schedule = rabbitmqScheduler({
      // What a user of plain JavaScript may do.
      openChannel: () => connection.createChannel() as ReturnType<ChannelModel['createConfirmChannel']>,
      queue: rabbitmq.queue('plain'),
    })
    await expect(schedule()).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('createConfirmChannel'),
    })
  })

  test('a lost connection is an error, and the next request opens another channel', async () => {
    const connections = [await rabbitmq.connection(), await rabbitmq.connection()]
    const queue = rabbitmq.queue('lost')
    let opened = 0
    const schedule = rabbitmqScheduler({
      openChannel: () => connections[opened++]!.createConfirmChannel(),
      queue,
      delayMs: 10,
    })
    await schedule()
    await connections[0]!.close()
    await expect(schedule()).rejects.toMatchObject({
      code: 'QUEUE_FAILED',
      message: expect.stringMatching(/^No build could be asked for in the queue ".*lost": .*closed/i),
    })
    await schedule()
    expect(opened).toBe(2)
  })

  test('a queue that was made otherwise is an error that names it', async () => {
    const queue = rabbitmq.queue('otherwise')
    const channel = await (await rabbitmq.connection()).createChannel()
    await channel.assertQueue(queue, { durable: true })
    const failure = await (await scheduler(queue))().catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(CaptureError)
    expect(failure).toMatchObject({
      code: 'QUEUE_FAILED',
      message: expect.stringMatching(/otherwise": .*PRECONDITION.FAILED/),
    })
  })

  test.each([{ queue: '' }, { queue: 'ä'.repeat(125) }, { queue: 'fine', delayMs: 0 }])(
    '%j is refused',
    (options) => {
      const openChannel = (): never => expect.fail('nothing to open')
      expect(() => rabbitmqScheduler({ openChannel, ...options })).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }),
      )
    },
  )
})

describe('consumeBuilds', () => {
  test('builds once for what was requested in the delay, and again for a request that comes during the build', async () => {
    const queue = rabbitmq.queue('during')
    const schedule = await scheduler(queue, 50)
    const { starts } = await consumer(queue, async (attempt) => {
      if (attempt === 1) {
        await schedule()
        await pause(300)
      }
    })
    await Promise.all([schedule(), schedule(), schedule()])
    await expect.poll(() => starts.length, patience).toBe(2)
    expect(starts[1]! - starts[0]!).toBeGreaterThanOrEqual(300)
    await pause(200)
    expect(starts).toHaveLength(2)
    expect(await waiting(queue)).toBe(0)
  })

  test('a build that fails is tried again after a pause that grows, until it works', async () => {
    const queue = rabbitmq.queue('failing')
    const schedule = await scheduler(queue, 10)
    const { starts, errors } = await consumer(queue, (attempt) => {
      if (attempt <= 4) throw new Error(`failure ${attempt}`)
    })
    await schedule()
    await expect.poll(() => starts.length, patience).toBe(5)
    expect(errors.map(String)).toEqual([1, 2, 3, 4].map((attempt) => `Error: failure ${attempt}`))
    // 100, 200, 400, 800 ms, each less up to a half.
    expect(starts[4]! - starts[0]!).toBeGreaterThanOrEqual(700)
    await pause(200)
    expect(starts).toHaveLength(5)
    expect(await waiting(queue)).toBe(0)
  })

  test('what one builder can\u2019t do another one does', async () => {
    const queue = rabbitmq.queue('two')
    const schedule = await scheduler(queue, 10)
    const failing = await consumer(queue, () => {
      throw new Error('down')
    })
    await schedule()
    await expect.poll(() => failing.starts.length, patience).toBeGreaterThan(0)
    const working = await consumer(queue, () => undefined)
    await expect.poll(() => working.starts.length, patience).toBe(1)
  })

  test('a consumer that is stopped finishes its build and its message; another builder has no need of it', async () => {
    const queue = rabbitmq.queue('stopped')
    const schedule = await scheduler(queue, 10)
    let finished = false
    const { consumer: stopping, starts } = await consumer(queue, async () => {
      await pause(300)
      finished = true
    })
    await schedule()
    await expect.poll(() => starts.length, patience).toBe(1)
    await stopping.stop()
    expect(finished).toBe(true)
    expect(await waiting(queue)).toBe(0)
    await schedule()
    await expect.poll(() => waiting(queue), patience).toBe(1)
  })

  test('a consumer whose connection is never made still sweeps, tells the failure, and can be stopped', async () => {
    const {
      consumer: alone,
      starts,
      errors,
    } = await consumer('unreachable', () => undefined, {
      openChannel: () => Promise.reject(new Error('connect ECONNREFUSED')),
      sweepMs: 50,
    })
    await expect.poll(() => starts.length, patience).toBeGreaterThan(3)
    expect(errors[0]).toMatchObject({
      code: 'QUEUE_FAILED',
      message: expect.stringContaining('connect ECONNREFUSED'),
    })
    await alone.stop()

    const hanging = await consumer('unreachable', () => undefined, {
      openChannel: () => new Promise(() => undefined),
    })
    await hanging.consumer.stop()
  })

  test('an aggregator that has no onChange is refused', () => {
    const options = {
      openChannel: () => expect.fail('nothing to open'),
      queue: 'unused',
      aggregator: { emits: false, retryInMs: null, buildObjects: () => expect.fail('nothing to build') },
    }
    expect(() => consumeBuilds(options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  test('a queue that is deleted is told, made again and consumed', async () => {
    const queue = rabbitmq.queue('deleted')
    const schedule = await scheduler(queue, 10)
    const { starts, errors } = await consumer(queue, () => undefined)
    await schedule()
    await expect.poll(() => starts.length, patience).toBe(1)
    await (await (await rabbitmq.connection()).createChannel()).deleteQueue(queue)
    await expect.poll(() => errors, patience).toMatchObject([{ code: 'QUEUE_FAILED' }])
    await expect
      .poll(async () => {
        await schedule()
        return starts.length
      }, patience)
      .toBeGreaterThan(1)
  })

  test('a restart of RabbitMQ loses neither queue nor message, and both sides come back by themselves', async () => {
    const broker = await ownRabbitmq()
    onTestFinished(() => broker.stop())
    const open = async (): Promise<ChannelModel> => {
      const connection = await connect(broker.url)
      connection.on('error', () => undefined)
      return connection
    }
    const schedule = rabbitmqScheduler({
      openChannel: async () => (await open()).createConfirmChannel(),
      queue: 'restarted',
      delayMs: 20,
    })
    const { starts, errors } = await consumer('restarted', () => undefined, {
      openChannel: async () => (await open()).createChannel(),
    })
    await schedule()
    await expect.poll(() => starts.length, patience).toBe(1)

    await broker.restart()
    expect(errors[0]).toMatchObject({ code: 'QUEUE_FAILED' })
    await schedule().catch((error: unknown) => expect(error).toMatchObject({ code: 'QUEUE_FAILED' }))
    await schedule()
    await expect.poll(() => starts.length, patience).toBeGreaterThan(1)
    for (const consuming of consumers) await consuming.stop()

    await schedule()
    await pause(100)
    await broker.restart()
    const after = await consumer('restarted', () => undefined, {
      openChannel: async () => (await open()).createChannel(),
    })
    await expect.poll(() => after.starts.length, patience).toBe(1)
    for (const consuming of consumers) await consuming.stop()
  }, 240_000)
})

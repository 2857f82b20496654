import { CaptureError } from '../core/errors/capture-error.ts'
import { positiveInteger } from '../core/pending/positive-integer.ts'
import {
  assertQueues,
  checkedQueue,
  closeQuietly,
  delayQueueOf,
  type QueueChannel,
  queueFailed,
} from './rabbitmq-queues.ts'

/** A channel that tells whether the broker has taken a message: `createConfirmChannel()` of `amqplib`. */
export interface ConfirmingChannel extends QueueChannel {
  publish(
    exchange: string,
    routingKey: string,
    content: Uint8Array,
    options: { readonly persistent: boolean; readonly expiration: string },
    confirmed: (failure: unknown) => void,
  ): boolean
  waitForConfirms(): Promise<unknown>
}

export interface RabbitmqSchedulerOptions {
  /** Opens a channel. It is called at the first request, and again after a channel has closed. */
  readonly openChannel: () => ConfirmingChannel | PromiseLike<ConfirmingChannel>
  /** The queue from which `consumeBuilds` takes; a second one, with `.delay` after its name, stands before it. */
  readonly queue: string
  /** How long requests gather until a build is asked for, in milliseconds. Default: 100. */
  readonly delayMs?: number | undefined
}

/**
 * For `scheduleBuildObjects`: asks the processes that run `consumeBuilds` for a build, through RabbitMQ. Requests within
 * `delayMs`, from any number of processes, become one message.
 *
 * @example
 * ```ts
 * const connection = await connect('amqp://localhost') // of amqplib
 * const aggregator = new EventAggregator({
 *   schema,
 *   client,
 *   idsSet: new RedisSet({ client: redis, key: 'books' }),
 *   scheduleBuildObjects: rabbitmqScheduler({
 *     openChannel: () => connection.createConfirmChannel(),
 *     queue: 'build-books',
 *   }),
 * })
 * ```
 *
 * It resolves when RabbitMQ has the message, or has one already that waits. It rejects with `QUEUE_FAILED` when RabbitMQ does
 * not answer so; the ids are in the set by then, and a sweep of `consumeBuilds` builds them whether it is tried again or not.
 *
 * @throws CaptureError `OPTION_INVALID`.
 */
export function rabbitmqScheduler(options: RabbitmqSchedulerOptions): () => Promise<void> {
  const queue = checkedQueue(options.queue)
  const expiration = String(positiveInteger(options.delayMs ?? 100, 'delayMs'))
  let opening: Promise<OpenChannel> | undefined

  return async () => {
    opening ??= open(options.openChannel, queue)
    const current = opening
    try {
      const channel = await current
      await publish(channel, queue, expiration)
    } catch (error) {
      if (opening === current) opening = undefined
      if (error instanceof CaptureError) throw error
      throw queueFailed(queue, 'No build could be asked for in', error)
    }
  }
}

interface OpenChannel {
  readonly channel: ConfirmingChannel
  isClosed: boolean
}

async function open(
  openChannel: RabbitmqSchedulerOptions['openChannel'],
  queue: string,
): Promise<OpenChannel> {
  const channel = await openChannel()
  const opened: OpenChannel = { channel, isClosed: false }
  // Without a listener an error of the channel would end the process. The call that it fails tells of it.
  channel.on('error', () => undefined)
  channel.on('close', () => {
    opened.isClosed = true
  })
  try {
    if (typeof channel.waitForConfirms !== 'function') throw notConfirming()
    await assertQueues(channel, queue)
  } catch (error) {
    await closeQuietly(channel)
    throw error
  }
  return opened
}

async function publish(opened: OpenChannel, queue: string, expiration: string): Promise<void> {
  const failure = await new Promise((resolve) => {
    // The body is for people who look into the queue.
    const content = Buffer.from('Build objects')
    const properties = { persistent: true, expiration }
    opened.channel.publish('', delayQueueOf(queue), content, properties, resolve)
  })
  // A message that was refused, as another one waits, is told as a failure as well. Only then is the channel open still.
  if (opened.isClosed) throw failure
}

function notConfirming(): CaptureError {
  return new CaptureError(
    'OPTION_INVALID',
    '"openChannel" has to open a channel with confirms: createConfirmChannel() of amqplib.',
  )
}

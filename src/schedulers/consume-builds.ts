import type { EventAggregator } from '../core/aggregator/event-aggregator.ts'
import { buildRegularly, type RegularBuilds } from '../core/capture/build-regularly.ts'
import { retryDelay, sleep } from '../core/capture/retry.ts'
import { tellFailure } from '../core/errors/tell-failure.ts'
import {
  assertQueues,
  checkedQueue,
  closeQuietly,
  type QueueChannel,
  queueFailed,
} from './rabbitmq-queues.ts'

/** A channel to take messages from: `createChannel()` of `amqplib`. */
export interface ConsumingChannel extends QueueChannel {
  prefetch(count: number): Promise<unknown>
  consume(queue: string, onMessage: (message: object | null) => void): Promise<unknown>
  ack(message: object): void
  nack(message: object, allUpTo: boolean, requeue: boolean): void
}

export interface ConsumeBuildsOptions {
  /** Opens a channel. It is called at once, and again after a channel has closed. */
  readonly openChannel: () => ConsumingChannel | PromiseLike<ConsumingChannel>
  /** The queue of the `rabbitmqScheduler`. */
  readonly queue: string
  /** It has an `onChange`. */
  readonly aggregator: Pick<EventAggregator, 'emits' | 'buildObjects' | 'retryInMs'>
  /** Is told of every failure, of builds and of the queue; all are tried again. Default: `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined
  /**
   * How often to build what is pending without having been asked to, in milliseconds: what was pending at the start, what the
   * queue lost, what a builder that died had claimed. Default: 10,000.
   */
  readonly sweepMs?: number | undefined
}

export interface BuildConsumer {
  /** Takes no more messages, waits for the build under way, and closes the channel. */
  stop(): Promise<void>
}

const LONGEST_PAUSE_MS = 10_000

/**
 * Builds when a `rabbitmqScheduler` asks for it, here or in any number of processes. A message is acknowledged after its build;
 * where the build fails, it goes back to the queue after a pause that grows with each failure.
 *
 * @example
 * ```ts
 * const connection = await connect('amqp://localhost') // of amqplib
 * const consumer = consumeBuilds({
 *   openChannel: () => connection.createChannel(),
 *   queue: 'build-books',
 *   aggregator,
 * })
 * process.once('SIGTERM', () => void consumer.stop().then(() => connection.close()))
 * ```
 *
 * Whatever becomes of messages, it also builds at the start and every `sweepMs`, so that pending ids are built as long as one
 * consumer runs, even while RabbitMQ does not.
 *
 * @throws CaptureError `OPTION_INVALID`, also for an aggregator without `onChange`.
 */
export function consumeBuilds(options: ConsumeBuildsOptions): BuildConsumer {
  return new Consumer(options)
}

class Consumer implements BuildConsumer {
  readonly #options: ConsumeBuildsOptions
  readonly #queue: string
  readonly #stopping = new AbortController()
  readonly #stopped: Promise<'stopped'>
  readonly #sweeping: RegularBuilds
  readonly #consuming: Promise<void>
  #buildFailures = 0
  #channelFailures = 0

  constructor(options: ConsumeBuildsOptions) {
    this.#options = options
    this.#queue = checkedQueue(options.queue)
    const { signal } = this.#stopping
    this.#stopped = new Promise((resolve) => signal.addEventListener('abort', () => resolve('stopped')))
    this.#sweeping = buildRegularly(options.aggregator, {
      sweepMs: options.sweepMs,
      onError: (error) => this.#tell(error),
    })
    this.#consuming = this.#consume()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all([this.#consuming, this.#sweeping.stop()])
  }

  async #consume(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        const channel = await this.#open()
        if (channel !== 'stopped') await this.#takeFrom(channel)
      } catch (error) {
        this.#channelFailures += 1
        this.#tell(queueFailed(this.#queue, 'No requests of builds come from', error))
        await sleep(retryDelay(this.#channelFailures, LONGEST_PAUSE_MS), signal)
      }
    }
  }

  async #open(): Promise<ConsumingChannel | 'stopped'> {
    const opening = Promise.resolve(this.#options.openChannel())
    // Connecting may take longer than anybody who stops wants to wait.
    const channel = await Promise.race([opening, this.#stopped])
    if (channel === 'stopped') opening.then(closeQuietly, () => undefined)
    return channel
  }

  /** Takes messages, one at a time, until a stop; rejects when the channel ends before. */
  async #takeFrom(channel: ConsumingChannel): Promise<void> {
    let taking: Promise<void> | undefined
    const ended = new Promise<never>((_, reject) => {
      // An error comes before the close, and says more.
      channel.on('error', reject)
      channel.on('close', () => reject(new Error('the channel has closed')))
    })
    try {
      const consuming = this.#startConsuming(channel, (message) => {
        taking = this.#take(channel, message)
      })
      await Promise.race([ended, consuming, this.#stopped])
    } finally {
      await taking
      await closeQuietly(channel)
    }
  }

  /** Never resolves; rejects where consuming can't start, or where the queue is deleted. */
  async #startConsuming(channel: ConsumingChannel, take: (message: object) => void): Promise<never> {
    await assertQueues(channel, this.#queue)
    await channel.prefetch(1)
    return new Promise<never>((_, reject) => {
      const onMessage = (message: object | null): void => {
        if (message === null) reject(new Error('it was deleted'))
        // Closing the channel gives it back to the queue.
        else if (!this.#stopping.signal.aborted) take(message)
      }
      channel.consume(this.#queue, onMessage).then(() => {
        this.#channelFailures = 0
      }, reject)
    })
  }

  async #take(channel: ConsumingChannel, message: object): Promise<void> {
    const isBuilt = await this.#build()
    if (isBuilt) this.#buildFailures = 0
    else {
      this.#buildFailures += 1
      await sleep(retryDelay(this.#buildFailures, LONGEST_PAUSE_MS), this.#stopping.signal)
    }
    try {
      if (isBuilt) channel.ack(message)
      else channel.nack(message, false, true)
    } catch {
      // The channel has closed meanwhile: then the message is in the queue again by itself, and building twice is harmless.
    }
  }

  async #build(): Promise<boolean> {
    try {
      await this.#options.aggregator.buildObjects()
      return true
    } catch (error) {
      this.#tell(error)
      return false
    }
  }

  #tell(error: unknown): void {
    tellFailure(this.#options.onError, 'a build, or its queue, failed and is tried again', error)
  }
}

import { CaptureError } from '../core/errors/capture-error.ts'

/** What is used of a channel of `amqplib`, or of anything of the same shape. */
export interface QueueChannel {
  assertQueue(
    queue: string,
    options: { readonly durable: boolean; readonly arguments: Readonly<Record<string, unknown>> },
  ): Promise<unknown>
  on(event: string, listener: (detail: unknown) => void): unknown
  close(): Promise<unknown>
}

/**
 * Declares the two queues, both durable:
 *
 * ```
 *   publish, expires after delayMs
 *      │
 *      ▼                 expired
 *   <queue>.delay ────────────────────▶ <queue> ──▶ builders
 *   one message; refuses another        one message; a newer one takes its place
 * ```
 *
 * One message is enough in each. It holds no ids, it says "build what is pending", and a build that starts after a request
 * covers the request. The message that waits in either queue has its build still to come, so a request made meanwhile needs no
 * other. A message that a builder has taken is in neither queue any more, so a request made during its build gets one of its own.
 */
export async function assertQueues(channel: QueueChannel, queue: string): Promise<void> {
  await channel.assertQueue(queue, { durable: true, arguments: { 'x-max-length': 1 } })
  await channel.assertQueue(delayQueueOf(queue), {
    durable: true,
    arguments: {
      'x-max-length': 1,
      'x-overflow': 'reject-publish',
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': queue,
    },
  })
}

export function delayQueueOf(queue: string): string {
  return `${queue}.delay`
}

export function checkedQueue(queue: string): string {
  // RabbitMQ allows 255 bytes, and would give a queue without a name one of its own.
  const { length } = new TextEncoder().encode(delayQueueOf(queue))
  if (queue !== '' && length <= 255) return queue
  throw new CaptureError('OPTION_INVALID', '"queue" must be a name of 1 to 249 bytes.')
}

export function queueFailed(queue: string, problem: string, cause: unknown): CaptureError {
  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  return new CaptureError('QUEUE_FAILED', `${problem} the queue "${queue}"${reason}`, { cause })
}

/** Closes what may be closed already: then it has nothing to say. */
export async function closeQuietly(channel: QueueChannel): Promise<void> {
  try {
    await channel.close()
  } catch {
    // It was closed, or its connection was.
  }
}

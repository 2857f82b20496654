import { type ConnectionOptions, type Queue, Worker } from 'bullmq'
import { buildRegularly, type EventAggregator } from 'pg-capture'

/** For `scheduleBuildObjects`: requests within `delayMs`, from any number of processes, become one job. */
export function requestBuilds(queue: Queue, delayMs: number): () => Promise<unknown> {
  return () =>
    queue.add('build', null, {
      delay: delayMs,
      deduplication: { id: 'build' },
      // A job holds nothing: what has failed is built by the sweep, or with the next request.
      removeOnComplete: true,
      removeOnFail: true,
    })
}

/** Builds what is requested, here or in any number of processes; and sweeps. */
export function serveBuilds(
  queueName: string,
  connection: ConnectionOptions,
  aggregator: Pick<EventAggregator, 'emits' | 'buildObjects' | 'retryInMs'>,
  options: { readonly onError: (error: unknown) => void; readonly sweepMs?: number },
): { stop(): Promise<void> } {
  const worker = new Worker(
    queueName,
    async (job) => {
      // Else a request made during this build, for ids that it may have missed, would be taken for this one.
      await job.removeDeduplicationKey()
      await aggregator.buildObjects()
    },
    { connection },
  )
  worker.on('failed', (_job, error) => options.onError(error))
  worker.on('error', options.onError)
  const sweep = buildRegularly(aggregator, options)
  return {
    async stop() {
      await worker.close()
      await sweep.stop()
    },
  }
}

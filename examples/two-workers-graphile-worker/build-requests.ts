import { run, type WorkerUtils } from 'graphile-worker'
import { buildRegularly, type EventAggregator } from 'pg-capture'

/** For `scheduleBuildObjects`: requests within `delayMs`, from any number of processes, become one job. */
export function requestBuilds(utils: WorkerUtils, task: string, delayMs: number): () => Promise<unknown> {
  return () =>
    utils.addJob(task, null, {
      runAt: new Date(Date.now() + delayMs),
      jobKey: task,
      // The job runs when the first request wants it: with 'replace', requests without end would put it off without end.
      jobKeyMode: 'preserve_run_at',
    })
}

/** Builds what is requested, here or in any number of processes; and sweeps. */
export async function serveBuilds(
  connectionString: string,
  task: string,
  aggregator: Pick<EventAggregator, 'emits' | 'buildObjects' | 'retryInMs'>,
  options: { readonly onError: (error: unknown) => void; readonly sweepMs?: number },
): Promise<{ stop(): Promise<void> }> {
  const runner = await run({
    connectionString,
    taskList: { [task]: () => aggregator.buildObjects() },
    concurrency: 1,
    // A job that has to wait is found by a poll, not by a notification.
    pollInterval: 250,
    noHandleSignals: true,
    parsedCronItems: [],
  })
  runner.events.on('job:error', ({ error }) => options.onError(error))
  runner.events.on('worker:getJob:error', ({ error }) => options.onError(error))
  const sweep = buildRegularly(aggregator, options)
  return {
    async stop() {
      await runner.stop()
      await sweep.stop()
    },
  }
}

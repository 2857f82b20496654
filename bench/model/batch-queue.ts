/**
 * A builder as a queue with service in bulk: while a batch of `b` objects is built, which takes `fixedMs + b × objectMs`, the ids
 * of the next one gather, each once however often it changes. (N. T. J. Bailey, "On queueing processes with bulk service", 1954, in
 * its fluid limit: batches are as large as what arrives during one.)
 */
export interface BatchQueue {
  readonly fixedMs: number
  readonly objectMs: number
}

/** Through two measured points: objects a second at two sizes of batches. */
export function fitBatchQueue(
  small: { readonly size: number; readonly perSecond: number },
  large: { readonly size: number; readonly perSecond: number },
): BatchQueue {
  const ms = ({ size, perSecond }: { size: number; perSecond: number }): number => (size / perSecond) * 1_000
  const objectMs = (ms(large) - ms(small)) / (large.size - small.size)
  return { fixedMs: ms(small) - small.size * objectMs, objectMs }
}

/** Objects a second at that size of batches. */
export function throughput({ fixedMs, objectMs }: BatchQueue, size: number): number {
  return (size / (fixedMs + size * objectMs)) * 1_000
}

/** The size at which batches settle where so many objects a second change; `null` where more come than can be built. */
export function settledBatch({ fixedMs, objectMs }: BatchQueue, changedPerSecond: number): number | null {
  const perMs = changedPerSecond / 1_000
  return perMs * objectMs >= 1 ? null : Math.max(1, (perMs * fixedMs) / (1 - perMs * objectMs))
}

/**
 * From change to object: the build, and before it, where a build is running, half of that on average. `null` where more come than
 * can be built.
 */
export function latencyMs(queue: BatchQueue, changedPerSecond: number): number | null {
  const size = settledBatch(queue, changedPerSecond)
  if (size === null) return null
  const ms = queue.fixedMs + size * queue.objectMs
  const busy = Math.min(1, ((changedPerSecond / 1_000) * ms) / size)
  return ms * (1 + busy / 2)
}

/**
 * Objects a second of several builders whose sink takes `sinkMs` for a batch: reading overlaps the sink, and together they can't
 * read more than the machine that all share.
 */
export function buildersThroughput(
  queue: BatchQueue,
  {
    count,
    size,
    sinkMs,
    sharedPerSecond,
  }: { count: number; size: number; sinkMs: number; sharedPerSecond: number },
): number {
  const one = (size / Math.max(sinkMs, queue.fixedMs + size * queue.objectMs)) * 1_000
  return Math.min(count * one, sharedPerSecond)
}

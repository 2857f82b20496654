import type { EventAggregator, Source, WALEvent } from 'pg-capture'
import { setTimeout as sleep } from 'node:timers/promises'
import { Picks } from '../../oracle/arbitrary/picks.ts'
import { requirements } from '../bookshop.ts'
import type { Notebook } from './notebook.ts'

export interface Reordering {
  /** How many of the next chunks are handled in pieces and in another order. */
  chunks: number
  readonly done: () => void
}

export interface ByHandParameters {
  readonly source: Source
  readonly aggregators: readonly EventAggregator[]
  readonly reordering: Reordering
  readonly seed: number
  readonly notebook: Notebook
  readonly onError: (error: unknown) => void
}

/** What somebody does who takes events without a Capture: `handleEvents`, tried again until it resolves, then acknowledge. */
export async function takeByHand(parameters: ByHandParameters): Promise<void> {
  const { source, aggregators, reordering, notebook, onError } = parameters
  const picks = new Picks(parameters.seed)
  for await (const { events, acknowledge } of source.stream(requirements)) {
    const isReordered = reordering.chunks > 0
    const batches = isReordered ? picks.shuffled(inPieces(events, picks)) : [events]
    if (isReordered) notebook.write({ reordered: batches.length })
    const atOnce = isReordered && picks.chance(50)
    const handle = (batch: readonly WALEvent[]): Promise<unknown> =>
      Promise.all(aggregators.map((aggregator) => untilTaken(() => aggregator.handleEvents(batch), onError)))
    if (atOnce) await Promise.all(batches.map(handle))
    else for (const batch of batches) await handle(batch)
    acknowledge?.()
    if (!isReordered) continue
    reordering.chunks -= 1
    if (reordering.chunks === 0) reordering.done()
  }
}

async function untilTaken(work: () => Promise<void>, onError: (error: unknown) => void): Promise<void> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      onError(error)
      await sleep(100)
    }
  }
}

function inPieces(events: readonly WALEvent[], picks: Picks): WALEvent[][] {
  const pieces: WALEvent[][] = []
  for (let at = 0; at < events.length;) {
    const size = 1 + picks.below(5)
    pieces.push(events.slice(at, at + size))
    at += size
  }
  return pieces
}

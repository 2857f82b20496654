import type { EventAggregator, WALEvent } from 'pg-capture'
import type { DeliverStep } from './script.ts'

export interface HandOver {
  /** How many events were taken, from the first on. */
  readonly count: number
  /** What went wrong with the next, if anything. */
  readonly error: unknown
}

/** Gives events to an aggregator in one of the ways that there are. */
export async function handOver(
  handler: EventAggregator,
  events: readonly WALEvent[],
  by: DeliverStep['by'],
): Promise<HandOver> {
  let count = 0
  try {
    switch (by) {
      case 'collect':
        await handler.collect(events)
        break
      case 'handleEvents':
        await handler.handleEvents(events)
        break
      case 'handleEvent, all at once':
        await Promise.all(events.map((event) => handler.handleEvent(event)))
        break
      case 'handleEvent':
        for (const event of events) {
          await handler.handleEvent(event)
          count += 1
        }
        break
      default:
        by satisfies never
    }
    return { count: events.length, error: null }
  } catch (error) {
    return { count, error: error ?? new Error('Nothing was thrown.') }
  }
}

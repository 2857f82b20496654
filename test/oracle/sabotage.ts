import type { EventAggregatorOptions, IdsSet, QueryClient, WALEvent } from 'pg-capture'

/** Breaks the path on purpose, to prove that the oracle sees it. */
export interface Sabotage {
  /** What is delivered instead of the events of the source. */
  readonly events?: (events: readonly WALEvent[]) => readonly WALEvent[]
  /** What the aggregator that handles events reads through. */
  readonly client?: (client: QueryClient) => QueryClient
  readonly unpositionedEvents?: EventAggregatorOptions['unpositionedEvents']
  readonly set?: (set: IdsSet) => IdsSet
  /** Called after each commit and at the end of the case. */
  readonly onCommit?: () => Promise<void>
  readonly onEnd?: () => Promise<void>
}

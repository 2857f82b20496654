import type { CapturedAggregator, EventAggregatorOptions, IdsSet, QueryClient, WALEvent } from 'pg-capture'

/** Breaks the path on purpose, to prove that the oracle sees it. */
export interface Sabotage {
  /** What is delivered instead of the events of the source. */
  readonly events?: (events: readonly WALEvent[]) => readonly WALEvent[]
  /** What the aggregator that handles events reads through. */
  readonly client?: (client: QueryClient) => QueryClient
  readonly unpositionedEvents?: EventAggregatorOptions['unpositionedEvents']
  readonly set?: (set: IdsSet) => IdsSet
  /** What a Capture gets of an aggregator. */
  readonly captured?: (aggregator: CapturedAggregator) => CapturedAggregator
  /** The replica takes whatever comes, in whatever version. */
  readonly replicaTakesAll?: boolean
  /** Called after each commit and at the end of the case. */
  readonly onCommit?: () => Promise<void>
  readonly onEnd?: () => Promise<void>
}

import { type Changes, EventAggregator, type EventAggregatorOptions, type QueryClient } from 'pg-capture'
import { bookSchema } from './library.ts'
import { NotingClient } from './noting-client.ts'

export interface CapturingTitles {
  readonly aggregator: EventAggregator
  readonly client: NotingClient
  /** The titles of the books that were emitted. */
  titles(): unknown[]
  /** How often it was asked which transactions are visible. */
  looks(): number
}

/** An aggregator of books, of which only titles and looks at transactions matter. */
export function capturingTitles(
  reader: QueryClient,
  options: Pick<EventAggregatorOptions, 'visibilityTimeoutMs' | 'unpositionedEvents'> = {},
): CapturingTitles {
  const emitted: Changes[] = []
  const client = new NotingClient(reader)
  const onChange = (changes: Changes): unknown => emitted.push(changes)
  return {
    client,
    aggregator: new EventAggregator({ schema: bookSchema, client, onChange, ...options }),
    titles: () =>
      emitted.flatMap(({ upsert }) => upsert.map(({ object }) => (object as { title: string }).title)),
    looks: () => client.looks.length,
  }
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}

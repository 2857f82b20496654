export interface FigureDefinition {
  /** A counter only grows while the process lives; a gauge goes up and down. */
  readonly kind: 'counter' | 'gauge'
  readonly unit?: 'seconds' | 'bytes'
  /** One sentence for people. */
  readonly help: string
}

export type FigureName =
  | 'events'
  | 'ids_added'
  | 'builds'
  | 'objects'
  | 'build_failures'
  | 'retries'
  | 'objects_parked'
  | 'read'
  | 'on_change'
  | 'fence_waits'
  | 'fence_wait'
  | 'fence_timeouts'
  | 'pending'
  | 'in_flight'
  | 'retrying'
  | 'parked'
  | 'oldest_pending'
  | 'unacknowledged_chunks'
  | 'acknowledgement_lag'
  | 'source_connected'
  | 'source_lag'

/** Every figure that there is. `docs/monitoring.md` says what each one tells. */
export const figures: Readonly<Record<FigureName, FigureDefinition>> = {
  events: { kind: 'counter', help: 'Row events that were taken.' },
  ids_added: { kind: 'counter', help: 'Root ids that events have added to the set.' },
  builds: { kind: 'counter', help: 'Batches of objects that were read and emitted.' },
  objects: { kind: 'counter', help: 'Objects that were handed to onChange, by change: upsert or delete.' },
  build_failures: { kind: 'counter', help: 'Batches that could not be read, emitted or acknowledged.' },
  retries: { kind: 'counter', help: 'Root ids that were tried again after a failure.' },
  objects_parked: { kind: 'counter', help: 'Objects that this process has parked.' },
  read: { kind: 'counter', unit: 'seconds', help: 'Time spent in queries that read objects.' },
  on_change: { kind: 'counter', unit: 'seconds', help: 'Time spent in onChange.' },
  fence_waits: {
    kind: 'counter',
    help: 'Batches of events that had to wait for a transaction to become visible.',
  },
  fence_wait: { kind: 'counter', unit: 'seconds', help: 'Time spent in these waits.' },
  fence_timeouts: { kind: 'counter', help: 'Waits that were given up.' },
  pending: { kind: 'gauge', help: 'Root ids that wait for a build.' },
  in_flight: { kind: 'gauge', help: 'Root ids that are being built, in any process.' },
  retrying: { kind: 'gauge', help: 'Root ids that wait for their next attempt after a failure.' },
  parked: { kind: 'gauge', help: 'Root ids of objects that are parked.' },
  oldest_pending: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'How long the oldest pending root id has waited, at most.',
  },
  unacknowledged_chunks: { kind: 'gauge', help: 'Chunks of events that were taken and not acknowledged.' },
  acknowledgement_lag: {
    kind: 'gauge',
    unit: 'seconds',
    help: 'How long the oldest of these chunks has waited.',
  },
  source_connected: { kind: 'gauge', help: '1 where the source has a connection, else 0.' },
  source_lag: {
    kind: 'gauge',
    unit: 'bytes',
    help: 'Write-ahead log that the server has and the source has not confirmed.',
  },
}

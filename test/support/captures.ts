import { afterEach } from 'vitest'
import type { TableRequirement } from 'pg-capture'
import { PgoutputSource, type PgoutputSourceOptions, type SourceEvent } from 'pg-capture/sources/pgoutput'
import { type CollectorOptions, EventCollector } from './event-collector.ts'
import type { TestDatabase } from './postgres.ts'

export type CaptureOptions = Partial<PgoutputSourceOptions> & CollectorOptions

export interface Capture extends EventCollector {
  readonly source: PgoutputSource
  readonly happened: SourceEvent[]
  /** What its source has told `onError`. */
  readonly told: unknown[]
}

export interface Captures {
  /** The name of slot and publication, which no other test has. */
  name(): string
  source(options?: Partial<PgoutputSourceOptions>): PgoutputSource
  /** Starts to capture. Resolves once the server has begun to send. */
  start(tables: readonly TableRequirement[], options?: CaptureOptions): Promise<Capture>
  /** The same without waiting for the server. */
  begin(tables: readonly TableRequirement[], options?: CaptureOptions): Capture
}

/** Sources of a test file. Each test has a slot of its own, and a publication of the same name; both go after the test. */
export function captures(database: TestDatabase): Captures {
  let count = 0
  let sources: PgoutputSource[] = []

  afterEach(async () => {
    const stopped = sources
    const leftOver = new PgoutputSource({ connection: database.url, slot: name(), publication: name() })
    sources = []
    for (const source of stopped) await source.stop()
    await leftOver.drop()
    count++
  })

  const name = (): string => `${database.name}_${count}`

  function source(options: Partial<PgoutputSourceOptions> = {}): PgoutputSource {
    const created = new PgoutputSource({
      connection: database.url,
      slot: name(),
      publication: name(),
      ...options,
    })
    sources.push(created)
    return created
  }

  function begin(tables: readonly TableRequirement[], options: CaptureOptions = {}): Capture {
    const { acknowledge, onChunk, onEvent, ...sourceOptions } = options
    const happened: SourceEvent[] = []
    const told: unknown[] = []
    const created = source({
      onError: (error) => told.push(error),
      ...sourceOptions,
      onEvent: (event) => {
        happened.push(event)
        onEvent?.(event)
      },
    })
    const collecting = {
      ...(acknowledge === undefined ? {} : { acknowledge }),
      ...(onChunk ? { onChunk } : {}),
    }
    return Object.assign(new EventCollector(created, tables, collecting), { source: created, happened, told })
  }

  return {
    name,
    source,
    begin,
    async start(tables, options) {
      const capture = begin(tables, options)
      await capture.until(
        () => capture.happened.some((event) => event.type === 'connected'),
        'the connection',
      )
      return capture
    },
  }
}

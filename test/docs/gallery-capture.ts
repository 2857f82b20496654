import {
  Capture,
  type Changes,
  EventAggregator,
  type QueryClient,
  type RootSchema,
  type WALEvent,
} from 'pg-capture'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import { expect } from 'vitest'
import type { TestDatabase } from '../support/postgres.ts'
import { AcknowledgedTransactions } from './acknowledged-transactions.ts'
import { printedJson } from './printed-json.ts'

/** Ids with their objects, by what is printed of an id. */
export type Objects = ReadonlyMap<string, { readonly id: unknown; readonly object: unknown }>

/** What became of a transaction. */
export interface Outcome {
  readonly events: readonly WALEvent[]
  /** In the order in which they came. */
  readonly upserted: readonly string[]
  readonly deleted: readonly string[]
  readonly before: Objects
  readonly after: Objects
}

/** Follows schemas by logical replication, from a backfill on. */
export class GalleryCapture {
  readonly #database: TestDatabase
  readonly #client: QueryClient
  readonly #source: AcknowledgedTransactions
  readonly #replicas: ReadonlyMap<RootSchema, Replica>
  readonly #aggregators: readonly EventAggregator[]
  readonly #capture: Capture
  #running: Promise<void> | undefined

  constructor(database: TestDatabase, schemas: readonly RootSchema[]) {
    this.#database = database
    this.#replicas = new Map(schemas.map((schema) => [schema, new Replica()]))
    this.#client = database.pool({ options: '-c timezone=UTC' })
    this.#aggregators = schemas.map(
      (schema) =>
        new EventAggregator({
          schema,
          client: this.#client,
          onChange: (changes) => this.#replica(schema).apply(changes),
        }),
    )
    this.#source = new AcknowledgedTransactions((onEvent) => {
      const name = database.name
      return new PgoutputSource({
        connection: database.url,
        slot: name,
        publication: name,
        temporary: true,
        onEvent,
      })
    })
    this.#capture = new Capture({ source: this.#source, aggregators: this.#aggregators })
  }

  /** Resolves when the objects of the rows that are there have been emitted. */
  async start(): Promise<void> {
    this.#running = this.#capture.run()
    await Promise.race([this.#source.connected, this.#running])
    for (const aggregator of this.#aggregators) await aggregator.backfill()
  }

  async stop(): Promise<void> {
    await this.#capture.stop()
    await this.#running
  }

  objects(schema: RootSchema): Objects {
    return new Map(this.#replica(schema).objects)
  }

  /** Commits the statements, and resolves when all that they cause has been emitted. */
  async commit(statements: string, schema: RootSchema): Promise<Outcome> {
    const replica = this.#replica(schema)
    const before = this.objects(schema)
    replica.upserted.clear()
    replica.deleted.clear()
    await this.#database.query('BEGIN')
    await this.#database.query(statements)
    const [row] = await this.#database.rows<{ xid: string }>('SELECT pg_current_xact_id()::xid::text AS xid')
    await this.#database.query('COMMIT')
    const events = await Promise.race([this.#source.eventsOf(row!.xid), this.#running])
    return {
      events: events ?? [],
      upserted: [...replica.upserted],
      deleted: [...replica.deleted],
      before,
      after: this.objects(schema),
    }
  }

  /** The objects that followed the changes have to be those that are built of the rows now. */
  async expectToHaveConverged(): Promise<void> {
    for (const [schema, { objects }] of this.#replicas) {
      const now = new Replica()
      await new EventAggregator({
        schema,
        client: this.#client,
        onChange: (changes) => now.apply(changes),
      }).backfill()
      expect(objects).toEqual(now.objects)
    }
  }

  #replica(schema: RootSchema): Replica {
    return this.#replicas.get(schema)!
  }
}

class Replica {
  readonly objects: Map<string, { readonly id: unknown; readonly object: unknown }> = new Map()
  readonly upserted: Set<string> = new Set()
  readonly deleted: Set<string> = new Set()

  apply({ upsert, delete: deleted }: Changes<unknown, unknown>): void {
    for (const { id, object } of upsert) {
      this.objects.set(printedId(id), { id, object })
      this.upserted.add(printedId(id))
    }
    for (const id of deleted) {
      this.objects.delete(printedId(id))
      this.deleted.add(printedId(id))
    }
  }
}

function printedId(id: unknown): string {
  return typeof id === 'string' ? id : printedJson(id)
}

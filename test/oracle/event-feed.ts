import { setTimeout as sleep } from 'node:timers/promises'
import { renameTables, type WALEvent } from 'pg-capture'
import { PgoutputSource } from 'pg-capture/sources/pgoutput'
import { dividedTable, eventNames } from './arbitrary/division.ts'

/** Its rows mark the end of each transaction in the stream. */
export const MARKER_TABLE = 'oracle_marker'

/**
 * The events of a real slot, in order, as far as they have arrived. One source serves a whole run: its tables are dropped and
 * created anew for each case.
 */
export class EventFeed {
  readonly #source: PgoutputSource
  #events: WALEvent[] = []
  #renamed = 0
  #marker = 0n
  /** Where in the events each transaction ends, by its marker. */
  #ends = new Map<bigint, number>()
  #failure: unknown
  #wake: () => void = () => undefined
  #reading: Promise<void> | undefined

  constructor(connection: string, slot: string, publication: string) {
    this.#source = new PgoutputSource({
      connection,
      slot,
      publication,
      createPublication: false,
      // In cases with partitions it would find that those names can't be published together. What matters is that the events come.
      checkIntervalMs: 0,
      onError: () => undefined,
    })
  }

  /** Creates the slot and begins to read. The tables have to exist. */
  async start(): Promise<void> {
    const tables = [...eventNames(), { schema: 'public', table: MARKER_TABLE }].map((name) => ({
      ...name,
      oldColumns: [],
    }))
    await this.#source.prepare(tables)
    this.#reading = this.#read(tables).catch((error: unknown) => {
      this.#failure = error ?? new Error('The source failed.')
      this.#wake()
    })
  }

  /** All events since `clear`, once that of the marker has arrived. */
  async upTo(marker: bigint): Promise<readonly WALEvent[]> {
    const deadline = performance.now() + 30_000
    while (this.#marker < marker) {
      if (this.#failure !== undefined) throw new Error('The source failed.', { cause: this.#failure })
      if (performance.now() > deadline) throw new Error('The events of a commit did not arrive within 30 s.')
      const arrival = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await Promise.race([arrival, sleep(1_000)])
    }
    return this.#events
  }

  /** How many events there were up to the marker; undefined where it has not arrived. */
  endOf(marker: bigint): number | undefined {
    return this.#ends.get(marker)
  }

  /** How many of the events came under the name of a partition. */
  get renamed(): number {
    return this.#renamed
  }

  clear(): void {
    this.#events = []
    this.#renamed = 0
    this.#ends = new Map()
  }

  /** Ends the reading and removes the slot. */
  async stop(): Promise<void> {
    await this.#source.drop()
    await this.#reading
  }

  async #read(tables: { schema: string; table: string; oldColumns: string[] }[]): Promise<void> {
    for await (const { events, acknowledge } of this.#source.stream(tables)) {
      for (const [index, event] of renameTables(events, dividedTable).entries()) {
        if (event.table !== events[index]?.table) this.#renamed += 1
        if (event.table !== MARKER_TABLE) this.#events.push(event)
        else if (event.action === 'INSERT') {
          this.#marker = BigInt(String(event.data['number']))
          this.#ends.set(this.#marker, this.#events.length)
        }
      }
      acknowledge?.()
      this.#wake()
    }
  }
}

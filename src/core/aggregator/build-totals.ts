import { Underway } from '../monitoring/underway.ts'

/** What a builder has done since its process began. Times are of `performance.now`. */
export class BuildTotals {
  builds = 0
  upserts = 0
  deletes = 0
  /** Attempts that failed, each of one batch or of one object. */
  failures = 0
  /** Ids that were tried once more after a failure. */
  retries = 0
  parked = 0
  readMs = 0
  onChangeMs = 0
  /** Batches between their claim and their acknowledgement. */
  readonly underway: Underway = new Underway()
  /** When the first run ended that met failures alone, with no success since. */
  failingSince: number | null = null
  lastEmissionAt: number = -Infinity

  /** One batch is out. */
  emitted(batch: { upserts: number; deletes: number; readMs: number; onChangeMs: number }): void {
    this.builds += 1
    this.upserts += batch.upserts
    this.deletes += batch.deletes
    this.readMs += batch.readMs
    this.onChangeMs += batch.onChangeMs
    this.lastEmissionAt = performance.now()
    this.failingSince = null
  }
}

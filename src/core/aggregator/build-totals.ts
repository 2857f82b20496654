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
  /** When the batch that is being built was claimed. */
  busySince: number | null = null
  /** When the first run ended that met failures alone, with no success since. */
  failingSince: number | null = null
  lastEmissionAt: number = -Infinity

  /** One batch is out: it was read from `startedAt` to `readAt`. */
  emitted(batch: { upserts: number; deletes: number; startedAt: number; readAt: number }): void {
    this.builds += 1
    this.upserts += batch.upserts
    this.deletes += batch.deletes
    this.readMs += batch.readAt - batch.startedAt
    this.lastEmissionAt = performance.now()
    this.onChangeMs += this.lastEmissionAt - batch.readAt
    this.failingSince = null
  }
}

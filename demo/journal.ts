import type { Changes, WALEvent } from 'pg-capture'
import type { Root } from './bookshop.ts'
import { inOrder, type ObjectChange, Replica } from './replica.ts'

/** What went in and what came out. */
export interface Entry {
  readonly rowEvents: number
  readonly transactions: number
  /** Such as `UPDATE author`, each once. */
  readonly operations: readonly string[]
  readonly changes: readonly ObjectChange[]
}

/** Keeps the replica, and notes what happens until somebody takes the notes. */
export class Journal {
  readonly replica: Replica = new Replica()
  #rowEvents = 0
  #transactions = new Set<string>()
  #operations = new Set<string>()
  #changes: ObjectChange[] = []
  #committedAt: number | undefined

  delivered(events: readonly WALEvent[]): void {
    for (const { action, table, lsn, commitTime } of events) {
      this.#rowEvents += 1
      this.#transactions.add(lsn ?? '')
      this.#operations.add(`${action} ${table}`)
      if (commitTime !== undefined) this.#committedAt = new Date(commitTime).getTime()
    }
  }

  emitted(root: Root, changes: Pick<Changes, 'upsert' | 'delete'>): void {
    // The server runs on this machine, so both times are of one clock.
    const sinceCommit = Date.now() - (this.#committedAt ?? Date.now())
    this.#changes.push(...this.replica.apply(root, changes, Math.max(0, sinceCommit)))
  }

  /** The table of the root objects was emptied, which no row event tells of. */
  truncated(root: Root): void {
    this.emitted(root, { upsert: [], delete: [...this.replica.objects[root].keys()] })
  }

  /** The notes since the last call. */
  take(): Entry {
    const entry = {
      rowEvents: this.#rowEvents,
      transactions: this.#transactions.size,
      operations: [...this.#operations],
      changes: inOrder(this.#changes),
    }
    this.#rowEvents = 0
    this.#transactions = new Set()
    this.#operations = new Set()
    this.#changes = []
    return entry
  }
}

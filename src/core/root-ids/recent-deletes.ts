import { tableKey } from '../events/table-name.ts'
import type { TableNode } from '../schema/plan.ts'
import { isPromised, type RowEvent } from './affected-keys.ts'
import type { PlacedEvent } from './resolve-root-ids.ts'

const REMEMBERED = 10_000

/**
 * Remembers which transactions deleted from a table that is reached by a foreign key. Within a transaction such a row may
 * be deleted and inserted again, under a deferred constraint or in one statement, while other rows keep pointing to it:
 * that INSERT then needs the look-up which the foreign key spares all others.
 */
export class RecentDeletes {
  readonly #seen = new Set<string>()
  #batch = 0

  /** Places the events of one batch. Events that tell no transaction count as one transaction with their batch. */
  place(events: readonly { event: RowEvent; nodes: readonly TableNode[] }[]): PlacedEvent[] {
    this.#batch += 1
    return events.map(({ event, nodes }) => {
      const promised = event.action === 'UPDATE' ? undefined : nodes.find(isPromised)
      if (promised === undefined) return { event, nodes, rowMayReappear: false }
      const key = `${event.xid ?? `batch ${this.#batch}`} ${tableKey(promised.table)}`
      if (event.action === 'DELETE') this.#remember(key)
      return { event, nodes, rowMayReappear: this.#seen.has(key) }
    })
  }

  #remember(key: string): void {
    this.#seen.add(key)
    if (this.#seen.size <= REMEMBERED) return
    for (const oldest of this.#seen) {
      this.#seen.delete(oldest)
      break
    }
  }
}

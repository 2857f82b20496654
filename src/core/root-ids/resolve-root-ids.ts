import { columnArrays } from '../events/key-of-columns.ts'
import type { Plan, TableNode } from '../schema/plan.ts'
import type { QueryClient } from '../sql/client.ts'
import { affectedKeys, type RowEvent } from './affected-keys.ts'
import type { TextForms } from './may-match.ts'
import { readPages } from './keyset-pages.ts'
import type { LookUp } from './look-up.ts'
import { pathsOf } from './path-to-root.ts'

/** One statement takes at most so many keys, so that its parameter stays of a size that a server likes. */
const KEYS_PER_LOOK_UP = 10_000

/** An event and the places of the schema that read its table. */
export interface PlacedEvent {
  readonly event: RowEvent
  readonly nodes: readonly TableNode[]
  /** Its transaction deleted from the table before: an inserted row may be the one that was deleted. */
  readonly rowMayReappear: boolean
}

export interface KeysToLookUp {
  readonly lookUp: LookUp
  readonly keys: Set<string>
}

/** What a batch of events leaves to find: ids that the events name, and keys to look up, by the identity of the look-up. */
export interface AffectedRoots {
  readonly ids: ReadonlySet<string>
  readonly keysByLookUp: ReadonlyMap<string, KeysToLookUp>
}

/**
 * Reads from the events alone which roots a batch can change. Events are grouped by their path to the root, so that a
 * transaction costs one look-up for each path and 10,000 distinct keys, not one for each event.
 *
 * @param foreign the places whose path ends at a link of another type than the root's key, as `ForeignLinks` finds them.
 * @param forms of the columns in filters, as `FilteredColumns` finds them.
 * @throws CaptureError `EVENT_VALUE_UNKNOWN`
 */
export function affectedRoots(
  plan: Plan,
  events: readonly PlacedEvent[],
  foreign: ReadonlySet<TableNode>,
  forms: ReadonlyMap<TableNode, TextForms>,
): AffectedRoots {
  const paths = pathsOf(plan, 'text')
  const ids = new Set<string>()
  const keysByLookUp = new Map<string, KeysToLookUp>()
  for (const { event, nodes, rowMayReappear } of events) {
    for (const node of nodes) {
      const path = paths.get(node)
      if (path === undefined) continue
      const found = affectedKeys(node, event, path.keyColumns, rowMayReappear, forms.get(node))
      if (found.length === 0) continue
      const lookUp = path.short === null || foreign.has(node) ? path.lookUp : path.short.lookUp
      const keys = lookUp === null ? ids : keysOf(keysByLookUp, lookUp)
      for (const key of found) keys.add(key)
    }
  }
  return { ids, keysByLookUp }
}

/** Yields the ids, as text: those first that need no look-up, then look-up by look-up, a page of ids at a time. */
export async function* lookUpRootIds(roots: AffectedRoots, client: QueryClient): AsyncGenerator<string[]> {
  if (roots.ids.size > 0) yield [...roots.ids]
  for (const { lookUp, keys } of roots.keysByLookUp.values()) {
    const all = [...keys]
    for (let from = 0; from < all.length; from += KEYS_PER_LOOK_UP) {
      const arrays = columnArrays(all.slice(from, from + KEYS_PER_LOOK_UP), lookUp.columns.length)
      for await (const ids of readPages(lookUp.pages, client, arrays)) {
        const found = ids.filter((id) => !roots.ids.has(id))
        if (found.length > 0) yield found
      }
    }
  }
}

function keysOf(keysByLookUp: Map<string, KeysToLookUp>, lookUp: LookUp): Set<string> {
  const known = keysByLookUp.get(lookUp.identity)
  if (known !== undefined) return known.keys
  const keys = new Set<string>()
  keysByLookUp.set(lookUp.identity, { lookUp, keys })
  return keys
}

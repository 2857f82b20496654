import { CaptureError } from '../errors/capture-error.ts'
import type { TableNode } from '../schema/plan.ts'
import type { RootSchema } from '../schema/schema.ts'
import type { QueryClient } from '../sql/client.ts'
import { affectedKeys, type RowEvent } from './affected-keys.ts'
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

/**
 * Finds the ids of all objects that a batch of events can change, as text. Events are grouped by their path to the root,
 * so that a transaction costs one look-up for each path and 10,000 distinct keys, not one for each event.
 *
 * Yields ids look-up by look-up, those first that need none.
 */
export async function* resolveRootIds(
  schema: RootSchema,
  events: readonly PlacedEvent[],
  client: QueryClient,
): AsyncGenerator<string[]> {
  const { ids, keysByLookUp } = groupKeys(schema, events)
  if (ids.size > 0) yield [...ids]
  for (const [text, keys] of keysByLookUp) {
    const all = [...keys]
    for (let from = 0; from < all.length; from += KEYS_PER_LOOK_UP) {
      const { rows } = await client.query(text, [all.slice(from, from + KEYS_PER_LOOK_UP)])
      const found = rows.map(idOfRow).filter((id) => !ids.has(id))
      if (found.length > 0) yield found
    }
  }
}

function groupKeys(
  schema: RootSchema,
  events: readonly PlacedEvent[],
): { ids: Set<string>; keysByLookUp: Map<string, Set<string>> } {
  const paths = pathsOf(schema)
  const ids = new Set<string>()
  const keysByLookUp = new Map<string, Set<string>>()
  for (const { event, nodes, rowMayReappear } of events) {
    for (const node of nodes) {
      const path = paths.get(node)
      if (path === undefined) continue
      const found = affectedKeys(node, event, path.keyColumn, rowMayReappear)
      if (found.length === 0) continue
      const keys = path.lookUp === null ? ids : keysOf(keysByLookUp, `${path.lookUp.head} = ANY($1)${path.lookUp.tail}`)
      for (const key of found) keys.add(key)
    }
  }
  return { ids, keysByLookUp }
}

function keysOf(keysByLookUp: Map<string, Set<string>>, text: string): Set<string> {
  const known = keysByLookUp.get(text)
  if (known !== undefined) return known
  const keys = new Set<string>()
  keysByLookUp.set(text, keys)
  return keys
}

export function idOfRow(row: unknown): string {
  const id: unknown = typeof row === 'object' && row !== null && 'id' in row ? row.id : undefined
  if (typeof id === 'string') return id
  throw new CaptureError(
    'CLIENT_RESULT_INVALID',
    'The client gave a row without the text column "id" that was asked for. Pass a client whose query(text, values) ' +
      'resolves to { rows } with one object per row.',
  )
}

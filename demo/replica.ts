import type { Changes } from 'pg-capture'
import { type Root, rootNames } from './bookshop.ts'
import { type Difference, differences } from './differences.ts'

/** One object that came out, and what is new about it. */
export interface ObjectChange {
  readonly root: Root
  readonly id: string
  /** `new` is an upsert of an id that the replica did not have. */
  readonly kind: 'new' | 'upsert' | 'delete'
  readonly differences: readonly Difference[]
  /** From the commit, by the server's clock, to the call of `onChange`. */
  readonly milliseconds: number
}

/** The objects as somebody has them who never looks into the database and only applies the changes. */
export class Replica {
  readonly objects: Record<Root, Map<string, unknown>> = { book: new Map(), author: new Map() }

  apply(root: Root, changes: Pick<Changes, 'upsert' | 'delete'>, milliseconds: number): ObjectChange[] {
    const objects = this.objects[root]
    const deleted = changes.delete.map((id): ObjectChange => {
      objects.delete(id)
      return { root, id, kind: 'delete', differences: [], milliseconds }
    })
    const upserted = changes.upsert.map(({ id, object }): ObjectChange => {
      const kind = objects.has(id) ? 'upsert' : 'new'
      const changed = differences(objects.get(id) ?? {}, object)
      objects.set(id, object)
      return { root, id, kind, differences: changed, milliseconds }
    })
    return [...deleted, ...upserted]
  }
}

/** The order in which changes are shown: the roots are built side by side, so the order in which they come is chance. */
export function inOrder(changes: readonly ObjectChange[]): ObjectChange[] {
  const kinds = ['delete', 'new', 'upsert']
  return [...changes].sort(
    (a, b) =>
      rootNames.indexOf(a.root) - rootNames.indexOf(b.root) ||
      kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
      (a.id < b.id ? -1 : 1),
  )
}

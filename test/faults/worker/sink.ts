import type { Changes } from 'pg-capture'
import type pg from 'pg'
import { applyChanges, meetsPoison } from '../replica.ts'
import type { Failures } from './failures.ts'
import { MadeFailure, type Points } from './points.ts'
import { around } from './watched.ts'
import type { WatchedSet } from './watched-set.ts'

export interface SinkParameters {
  readonly kind: string
  readonly replica: pg.Pool
  readonly worker: string
  readonly set: WatchedSet
  readonly points: Points
  readonly failures: Failures
}

/** An `onChange` that keeps the replica; one statement for each call. */
export function sinkOf(parameters: SinkParameters): (changes: Changes) => Promise<void> {
  const { kind, replica, worker, set, points, failures } = parameters
  return (changes) => {
    const { upsert, delete: deleted, version } = changes
    const ids = [...upsert.map(({ id }) => id), ...deleted]
    const objects = [...upsert.map(({ object }) => JSON.stringify(object)), ...deleted.map(() => null)]
    return failures.by('onChange', () =>
      around(points, 'onChange', async () => {
        const poison = await replica.query(meetsPoison, [kind, ids])
        if (poison.rowCount !== 0) throw new MadeFailure('onChange')
        const heldUntil = set.heldUntil(ids)
        await replica.query(applyChanges, [kind, ids, objects, String(version), heldUntil, worker])
      }),
    )
  }
}

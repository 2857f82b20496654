import type { ClaimingIdsSet } from 'pg-capture'
import type { Points } from './points.ts'
import { around, withMethods } from './watched.ts'

/** Milliseconds since 1970 of a clock that nobody sets. */
export function steadyNow(): number {
  return performance.timeOrigin + performance.now()
}

/** A set whose steps pass points, and which knows until when ids are surely held. */
export class WatchedSet {
  readonly set: ClaimingIdsSet
  readonly #leaseEnds = new Map<string, number>()

  /** @param holdsNothing whether leases end at once, as in a set that does not hold what it gives. */
  constructor(set: ClaimingIdsSet, points: Points, holdsNothing: boolean) {
    const lease = (ids: readonly string[], from: number, ms: number): void => {
      for (const id of ids) this.#leaseEnds.set(id, from + ms)
    }
    const forget = (ids: readonly string[]): void => {
      for (const id of ids) this.#leaseEnds.delete(id)
    }
    this.set = withMethods(set, {
      add: (ids) => around(points, 'set.add', async () => set.add(ids)),
      claim: async (max, leaseMs) => {
        await points.pass('before claim')
        const from = steadyNow()
        const claim = await set.claim(max, holdsNothing ? 1 : leaseMs)
        lease(claim.ids, from, leaseMs)
        // A claim of nothing is no step of a build.
        if (claim.ids.length > 0) await points.pass('after claim')
        return claim
      },
      renew: async (claim, leaseMs) => {
        const from = steadyNow()
        const isHeld = holdsNothing || (await set.renew(claim, leaseMs))
        if (isHeld) lease(claim.ids, from, leaseMs)
        return isHeld
      },
      acknowledge: (claim) =>
        around(points, 'claim acknowledgement', async () => {
          const again = await set.acknowledge(claim)
          forget(claim.ids)
          return again
        }),
    })
  }

  /** Until when no other builder can hold any of the ids, by `steadyNow`. */
  heldUntil(ids: readonly string[]): number {
    return Math.min(...ids.map((id) => this.#leaseEnds.get(id) ?? 0))
  }
}

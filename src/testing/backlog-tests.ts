import assert from 'node:assert/strict'
import type { Backlog, ClaimingIdsSet } from '../core/pending/ids-set.ts'
import { lease, minute, range, type SetTest } from './ids-set-under-test.ts'

type Counts = Omit<Backlog, 'oldestPendingMs'>

export async function countsOf(set: ClaimingIdsSet): Promise<Counts> {
  const { pending, inFlight, retrying, parked } = await set.backlog()
  return { pending, inFlight, retrying, parked }
}

/** What is counted. */
export const backlogTests: readonly SetTest[] = [
  {
    name: 'the backlog counts what is pending, in flight, waits and is parked',
    async check({ set, other, pass }) {
      const { oldestPendingMs } = await other.backlog()
      assert.equal(oldestPendingMs, undefined)
      assert.deepEqual(await countsOf(other), { pending: 0, inFlight: 0, retrying: 0, parked: 0 })
      await set.add(range(15))
      const claim = await set.claim(10, lease)
      await set.release({ ...claim, ids: claim.ids.slice(0, 3) }, { error: 'late', retryInMs: minute })
      await set.release({ ...claim, ids: claim.ids.slice(3, 5) }, { error: 'bad', retryInMs: null })
      assert.deepEqual(await countsOf(other), { pending: 5, inFlight: 5, retrying: 3, parked: 2 })
      await set.add(claim.ids.slice(9))
      assert.deepEqual(await countsOf(other), { pending: 6, inFlight: 5, retrying: 3, parked: 2 })
      await pass(2 * minute)
      assert.deepEqual(await countsOf(other), { pending: 9, inFlight: 5, retrying: 0, parked: 2 })
    },
  },
]

/** What is known of ages by a set that claims by itself. */
export const ageTests: readonly SetTest[] = [
  {
    name: 'the backlog tells for how long something has been pending',
    async check({ set, other, pass }) {
      const age = async (): Promise<number | undefined> => (await other.backlog()).oldestPendingMs
      const assertAge = async (expected: number): Promise<void> => {
        const told = (await age()) ?? Number.NaN
        assert.ok(told >= expected - 5, `${told} ms are less than ${expected}`)
      }
      await set.add(['a'])
      await pass(2 * minute)
      await set.add(['b'])
      await assertAge(2 * minute)

      const claim = await set.claim(2, lease)
      assert.equal(await age(), undefined)
      await pass(minute)
      await set.add(['a'])
      await pass(minute)
      await assertAge(minute)

      await set.delete(['a'])
      assert.equal(await age(), undefined)
      await set.release(claim, { error: 'late', retryInMs: minute })
      assert.equal(await age(), undefined)
      await pass(minute)
      // It is back when its time has come, or when somebody looks.
      assert.notEqual(await age(), undefined)
      await pass(minute)
      await assertAge(minute)
    },
  },
]

import assert from 'node:assert/strict'
import { allOf, lease, range, type SetTest, sorted } from './ids-set-under-test.ts'

/** Leases, and what only a set that claims by itself can tell apart. */
export const leaseTests: readonly SetTest[] = [
  {
    name: 'what a claimer that is gone has held returns when its lease ends, not before',
    async check({ set, other, pass }) {
      await set.add(['a', 'b'])
      await set.claim(2, 1_000_000)
      await pass(900_000)
      assert.deepEqual((await other.claim(2, lease)).ids, [])
      await pass(100_001)
      assert.deepEqual(sorted((await other.claim(2, lease)).ids), ['a', 'b'])
    },
  },
  {
    name: 'a claimer that wakes up late does nothing to the one that came after',
    async check({ set, other, pass }) {
      await set.add(['a'])
      const late = await set.claim(1, 1_000_000)
      await pass(1_000_001)
      const current = await other.claim(1, lease)
      assert.deepEqual(current.ids, ['a'])
      assert.ok(BigInt(current.token) > BigInt(late.token))

      assert.equal(await set.renew(late, lease), false)
      await set.acknowledge(late)
      await set.release(late)
      await set.release(late, { error: 'late', retryInMs: null })
      assert.deepEqual((await set.claim(1, lease)).ids, [])

      assert.equal(await other.renew(current, lease), true)
      await other.acknowledge(current)
      assert.deepEqual((await set.claim(1, lease)).ids, [])
      assert.deepEqual(await allOf(set), [])
    },
  },
  {
    name: 'a lease that has ended is still good where nobody has claimed since',
    async check({ set, pass }) {
      await set.add(['a', 'b'])
      const claim = await set.claim(2, 1_000_000)
      await pass(2_000_000)
      assert.equal(await set.renew({ ...claim, ids: ['a'] }, lease), true)
      await set.acknowledge({ ...claim, ids: ['b'] })
      assert.deepEqual((await set.claim(2, lease)).ids, [])
    },
  },
  {
    name: 'a renewed lease counts from the renewal',
    async check({ set, other, pass }) {
      await set.add(['a', 'b'])
      const claim = await set.claim(2, 1_000_000)
      await pass(900_000)
      assert.equal(await set.renew({ ...claim, ids: ['a'] }, 1_000_000), true)
      await pass(900_000)
      assert.deepEqual((await other.claim(2, lease)).ids, ['b'])
      assert.equal(await set.renew(claim, 1_000_000), false)
      await pass(900_000)
      assert.deepEqual((await other.claim(2, lease)).ids, [])
      await pass(100_001)
      assert.deepEqual((await other.claim(2, lease)).ids, ['a'])
    },
  },
  {
    name: 'each claim has its own lease',
    async check({ set, other, pass }) {
      await set.add(range(4))
      const claims = [
        await set.claim(1, 1_000_000),
        await other.claim(1, 3_000_000),
        await set.claim(1, 5_000_000),
      ]
      await other.claim(1, lease)
      for (const { ids } of claims) {
        await pass(2_000_000)
        assert.deepEqual((await set.claim(4, lease)).ids, ids)
      }
    },
  },
  {
    name: 'renewing what was acknowledged or released says that it is lost',
    async check({ set }) {
      await set.add(['a', 'b'])
      const claim = await set.claim(2, lease)
      await set.acknowledge({ ...claim, ids: ['a'] })
      assert.equal(await set.renew(claim, lease), false)
      await set.release({ ...claim, ids: ['b'] })
      assert.equal(await set.renew(claim, lease), false)
      assert.deepEqual((await set.claim(2, lease)).ids, ['b'])
    },
  },
  {
    name: 'added again in a flight whose lease ends, it is claimed once',
    async check({ set, other, pass }) {
      await set.add(['a'])
      await set.claim(1, 1_000_000)
      await other.add(['a'])
      await other.claim(1, lease)
      await pass(1_000_001)
      const next = await other.claim(5, lease)
      assert.deepEqual(next.ids, ['a'])
      await other.acknowledge(next)
      assert.deepEqual((await set.claim(1, lease)).ids, [])
    },
  },
  {
    name: '20,000 ids whose lease has ended come back in one claim',
    async check({ set, pass }) {
      await set.add(range(20_000))
      await set.claim(20_000, 1_000_000)
      await pass(1_000_001)
      assert.equal((await set.claim(20_000, lease)).ids.length, 20_000)
    },
  },
  {
    name: 'an expired lease counts no attempt, and failures of before stay known',
    async check({ set, other, pass }) {
      await set.add(['a'])
      await set.release(await set.claim(1, lease), { error: 'late', retryInMs: 0 })
      await set.claim(1, 1_000_000)
      await pass(1_000_001)
      const claim = await other.claim(1, lease)
      assert.deepEqual(claim.ids, ['a'])
      assert.equal(claim.failures?.get('a')?.attempts, 1)
    },
  },
  {
    name: 'what is in flight is not pending, what was added again is',
    async check({ set, other }) {
      await set.add(['a', 'b', 'c'])
      const claim = await set.claim(2, lease)
      const again = claim.ids.slice(0, 1)
      await set.add(again)
      const rest = ['a', 'b', 'c'].filter((id) => !claim.ids.includes(id))
      assert.deepEqual(await allOf(other), sorted([...rest, ...again]))
      await other.claim(5, lease)
      assert.deepEqual(await allOf(other), again)
    },
  },
  {
    name: 'what waits or is parked is not pending',
    async check({ set, other }) {
      await set.add(['a', 'b'])
      const claim = await set.claim(2, lease)
      await set.release({ ...claim, ids: ['a'] }, { error: 'late', retryInMs: lease })
      await set.release(claim, { error: 'bad', retryInMs: null })
      assert.deepEqual(await allOf(other), [])
    },
  },
  {
    name: 'deleting takes an id out of what is pending; its flight goes on',
    async check({ set, other }) {
      await set.add(['a', 'b'])
      const claim = await set.claim(2, lease)
      await other.add(['a', 'b'])
      await other.claim(2, lease)
      await other.delete(['a', 'b'])
      assert.equal(await set.renew(claim, lease), true)
      await set.acknowledge({ ...claim, ids: ['a'] })
      assert.deepEqual(await allOf(set), [])
      await set.release(claim)
      assert.deepEqual(await allOf(set), ['b'])
    },
  },
  {
    name: 'deleting an id in flight leaves its failures known',
    async check({ set, other }) {
      await set.add(['a'])
      await set.release(await set.claim(1, lease), { error: 'late', retryInMs: 0 })
      const claim = await set.claim(1, lease)
      await other.delete(['a'])
      await set.release(claim)
      assert.equal((await other.claim(1, lease)).failures?.get('a')?.attempts, 1)
    },
  },
]

import assert from 'node:assert/strict'
import { allOf, flyingOf, lease, range, type SetTest, sorted } from './ids-set-under-test.ts'

/** Claims, and what ends them. */
export const claimTests: readonly SetTest[] = [
  {
    name: 'a claim takes at most what it asks for, and fewer only when none is left',
    async check({ set }) {
      await set.add(range(25))
      const claims = [await set.claim(10, lease), await set.claim(10, lease), await set.claim(10, lease)]
      assert.deepEqual(
        claims.map((claim) => claim.ids.length),
        [10, 10, 5],
      )
      assert.deepEqual(sorted(claims.flatMap((claim) => claim.ids)), sorted(range(25)))
      assert.deepEqual((await set.claim(10, lease)).ids, [])
    },
  },
  {
    name: 'tokens grow from claim to claim, also between connections',
    async check({ set, other }) {
      await set.add(range(12))
      const tokens: bigint[] = []
      for (let at = 0; at < 12; at++) {
        tokens.push(BigInt((await (at % 2 ? set : other).claim(1, lease)).token))
      }
      const growing = [...new Set(tokens)].sort((one, two) => (one < two ? -1 : 1))
      assert.deepEqual(tokens, growing)
    },
  },
  {
    name: 'what is acknowledged is gone; what is released can be claimed at once, by anyone',
    async check({ set, other }) {
      await set.add(['a', 'b'])
      const claim = await set.claim(2, lease)
      await set.acknowledge({ ...claim, ids: ['a'] })
      await set.release({ ...claim, ids: ['b'] })
      assert.deepEqual((await other.claim(2, lease)).ids, ['b'])
    },
  },
  {
    name: 'inFlight yields what is claimed, and nothing else',
    async check({ set, other }) {
      await set.add(range(2_500))
      const claim = await set.claim(2_400, lease)
      await set.acknowledge({ ...claim, ids: claim.ids.slice(0, 100) })
      assert.deepEqual(await flyingOf(other), sorted(claim.ids.slice(100)))
    },
  },
  {
    name: 'acknowledging or releasing twice does nothing more',
    async check({ set }) {
      await set.add(['a', 'b'])
      const first = await set.claim(2, lease)
      await set.acknowledge(first)
      await set.add(['a', 'b'])
      const second = await set.claim(2, lease)
      await set.acknowledge(first)
      await set.release(first)
      assert.deepEqual((await set.claim(2, lease)).ids, [])
      await set.release(second)
      assert.deepEqual(sorted((await set.claim(2, lease)).ids), ['a', 'b'])
    },
  },
  {
    name: 'an id that is added again during its flight can be claimed after it, and not before',
    async check({ set, other }) {
      await set.add(['a', 'b'])
      const flight = await set.claim(2, lease)
      await other.add(['a'])
      assert.deepEqual((await other.claim(2, lease)).ids, [])
      assert.deepEqual((await set.claim(2, lease)).ids, [])
      await set.acknowledge(flight)
      const next = await other.claim(2, lease)
      assert.deepEqual(next.ids, ['a'])
      await other.acknowledge(next)
      assert.deepEqual(await allOf(set), [])
    },
  },
  {
    name: 'acknowledging says whether some of the ids were added again',
    async check({ set, other }) {
      await set.add(['a', 'b', 'c'])
      const flight = await set.claim(3, lease)
      await other.add(['a', 'b'])
      assert.equal(await set.acknowledge({ ...flight, ids: ['a'] }), true)
      // Another claimer has come in vain for "b" meanwhile.
      await other.claim(3, lease)
      assert.equal(await set.acknowledge({ ...flight, ids: ['b'] }), true)
      assert.notEqual(await set.acknowledge(flight), true)
      assert.notEqual(await set.acknowledge(flight), true)
    },
  },
  {
    name: 'added again and released, it is built once',
    async check({ set }) {
      await set.add(['a'])
      const flight = await set.claim(1, lease)
      await set.add(['a'])
      await set.claim(1, lease)
      await set.release(flight)
      const next = await set.claim(1, lease)
      assert.deepEqual(next.ids, ['a'])
      await set.acknowledge(next)
      assert.deepEqual((await set.claim(1, lease)).ids, [])
    },
  },
  ...[0, -1, 1.5, Number.NaN, Infinity].map((wrong) => ({
    name: `a claim of ${wrong} ids, or for so long, is refused`,
    check: async ({ set }: Parameters<SetTest['check']>[0]) => {
      await set.add(['a'])
      await assert.rejects(async () => set.claim(wrong, lease))
      await assert.rejects(async () => set.claim(1, wrong))
      const claim = await set.claim(1, lease)
      assert.deepEqual(claim.ids, ['a'])
      await assert.rejects(async () => set.renew(claim, wrong))
    },
  })),
  {
    name: 'claimers at the same time never hold the same id',
    async check({ set, other }) {
      await set.add(range(500))
      const claims = await Promise.all(
        Array.from({ length: 40 }, (_, at) => (at % 2 ? set : other).claim(20, lease)),
      )
      const held = claims.flatMap((claim) => claim.ids)
      assert.equal(held.length, 500)
      assert.equal(new Set(held).size, 500)
    },
  },
]

import assert from 'node:assert/strict'
import { allOf, lease, range, type SetTest, sorted } from './ids-set-under-test.ts'

/** Adding, deleting and reading. */
export const contentsTests: readonly SetTest[] = [
  {
    name: 'an empty set yields no id and gives none to claim',
    async check({ set }) {
      assert.deepEqual(await allOf(set), [])
      assert.deepEqual((await set.claim(10, lease)).ids, [])
    },
  },
  {
    name: 'adding is idempotent, deleting takes what is given and nothing else',
    async check({ set, other }) {
      await set.add(['a', 'b', 'b', 'c'])
      await other.add(['a'])
      assert.deepEqual(await allOf(set), ['a', 'b', 'c'])
      await set.delete(['b', 'unknown'])
      assert.deepEqual(await allOf(other), ['a', 'c'])
    },
  },
  {
    name: 'adding, deleting and acknowledging nothing does nothing',
    async check({ set }) {
      await set.add([])
      await set.delete([])
      const claim = await set.claim(1, lease)
      await set.acknowledge(claim)
      await set.release(claim)
      await set.release(claim, { error: 'none', retryInMs: null })
      assert.equal(await set.renew(claim, lease), true)
      assert.deepEqual(await allOf(set), [])
    },
  },
  {
    name: '70,000 ids at once, in each direction',
    async check({ set }) {
      const ids = range(70_000)
      await set.add(ids)
      assertSame(await allOf(set), ids)
      const claim = await set.claim(70_000, lease)
      assertSame(claim.ids, ids)
      assert.equal(await set.renew(claim, lease), true)
      await set.release({ ...claim, ids: claim.ids.slice(0, 35_000) })
      await set.acknowledge(claim)
      assertSame(await allOf(set), claim.ids.slice(0, 35_000))
      await set.delete(ids)
      assert.deepEqual(await allOf(set), [])
    },
  },
  {
    name: 'the loop of a reader that deletes each batch ends with an empty set',
    batchSize: 100,
    async check({ set }) {
      await set.add(range(2_500))
      const seen = new Set<unknown>()
      for await (const batch of set.getAll()) {
        for (const id of batch) seen.add(id)
        if (batch.length > 0) await set.delete(batch as string[])
      }
      assert.equal(seen.size, 2_500)
      assert.deepEqual(await allOf(set), [])
    },
  },
  {
    name: 'a reader that adds what it reads comes to an end, and misses nothing',
    batchSize: 10,
    async check({ set }) {
      await set.add(range(300))
      const seen = new Set<unknown>()
      let batches = 0
      for await (const batch of set.getAll()) {
        for (const id of batch) seen.add(String(id))
        batches += 1
        if (batch.length > 0) await set.delete(batch as string[])
        await set.add([...(batch as string[]), `new ${batches}`])
        assert.ok(batches < 1_000, 'getAll goes on and on with what is added meanwhile')
      }
      assert.deepEqual(
        range(300).filter((id) => !seen.has(id)),
        [],
      )
    },
  },
]

/** Texts that Postgres prints for keys, and texts that break those who quote, split or parse. */
const ids: readonly (readonly [kind: string, id: string])[] = [
  ['an integer', '42'],
  ['a bigint beyond 2^53', '9007199254740993'],
  ['a negative number', '-1'],
  ['a numeric', '12345678901234567890.1200'],
  ['a uuid', '6f9619ff-8b86-d011-b42d-00cf4fc964ff'],
  ['a timestamp', '2024-02-29 23:59:59.123456+00'],
  ['no character', ''],
  ['a space', ' '],
  ['an emoji of many code points', '👩‍👩‍👧‍👦'],
  ['quotes and a backslash', `'"\\`],
  ['parameters and patterns', `$1 $& $' %s`],
  ['line ends', 'a\r\nb\n'],
  ['a zero', 'b\0c'],
  ['the name of a prototype', '__proto__'],
  ['a megabyte', 'ä'.repeat(500_000)],
]

/** Every id comes out as it went in, by whatever way. */
export function idTests(holdsZeroCharacters: boolean): SetTest[] {
  return ids
    .filter(([, id]) => holdsZeroCharacters || !id.includes('\0'))
    .map(([kind, id]) => ({
      name: `${kind}: comes out as it went in`,
      async check({ set, other }) {
        const both = sorted([id, 'neighbour'])
        await set.add([id, 'neighbour'])
        assert.deepEqual(await allOf(other), both)
        const claim = await other.claim(10, lease)
        assert.deepEqual(sorted(claim.ids), both)
        await other.release(claim, { error: 'late', retryInMs: 0 })
        const again = await set.claim(10, lease)
        assert.deepEqual(sorted(again.failures?.keys() ?? []), both)
        await set.acknowledge({ ...again, ids: [id] })
        await set.release(again)
        assert.deepEqual(await allOf(set), ['neighbour'])
        await set.add([id])
        await set.delete([id])
        assert.deepEqual(await allOf(set), ['neighbour'])
      },
    }))
}

/** As `deepEqual` of sorted ids, which would take minutes to print the difference of so many. */
function assertSame(found: readonly string[], expected: readonly string[]): void {
  assert.equal(found.length, expected.length)
  const all = new Set(found)
  assert.deepEqual(expected.filter((id) => !all.has(id)).slice(0, 10), [])
}

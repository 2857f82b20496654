import { describe, expect, test } from 'vitest'
import { testIdsSet } from '../../../test/contracts/ids-set.ts'
import { InMemorySet } from './in-memory-set.ts'

testIdsSet('InMemorySet', {
  make: (options) => {
    let now = 0
    const set = new InMemorySet({ ...options, now: () => now })
    return { set, pass: (ms) => void (now += ms) }
  },
})

async function batchesOf(set: InMemorySet): Promise<string[][]> {
  const batches: string[][] = []
  for await (const batch of set.getAll()) batches.push(batch)
  return batches
}

describe('InMemorySet', () => {
  test('is not durable: it goes with its process', () => {
    expect(new InMemorySet().durable).toBe(false)
  })

  test('a number, a bigint and its text are one id', async () => {
    const set = new InMemorySet()
    await set.add([1, 1n, '1', true])
    expect(await batchesOf(set)).toEqual([['1', 'true']])
    await set.delete([1])
    expect(await batchesOf(set)).toEqual([['true']])
  })

  test('what has no text in Postgres is refused, and nothing of the call is added', async () => {
    const set = new InMemorySet()
    for (const wrong of [null, undefined, {}, Symbol('a')]) {
      await expect(set.add(['a', wrong])).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    }
    expect(await batchesOf(set)).toEqual([])
  })

  test('yields batches of 1,000, or as many as asked for', async () => {
    const ids = Array.from({ length: 2_001 }, (_, at) => at)
    const standard = new InMemorySet()
    await standard.add(ids)
    expect((await batchesOf(standard)).map((batch) => batch.length)).toEqual([1_000, 1_000, 1])
    const small = new InMemorySet({ batchSize: 667 })
    await small.add(ids)
    expect((await batchesOf(small)).map((batch) => batch.length)).toEqual([667, 667, 667])
  })

  test.each([0, -5, 2.5, Number.NaN])('a batch size of %s is refused', (batchSize) => {
    expect(() => new InMemorySet({ batchSize })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('"batchSize"') }),
    )
  })

  test('the oldest is claimed first; what is released, or added again, goes to the end', async () => {
    const set = new InMemorySet()
    await set.add(['a', 'b', 'c', 'd'])
    const first = await set.claim(2, 1_000)
    expect(first.ids).toEqual(['a', 'b'])
    await set.add(['a', 'e'])
    await set.acknowledge({ ...first, ids: ['a'] })
    await set.release({ ...first, ids: ['b'] })
    expect((await set.claim(10, 1_000)).ids).toEqual(['c', 'd', 'e', 'a', 'b'])
  })

  test('claims find what was added after an earlier claim had emptied the set', async () => {
    const set = new InMemorySet()
    for (const round of [1, 2, 3]) {
      await set.add([`a${round}`, `b${round}`])
      expect((await set.claim(1, 1_000)).ids).toEqual([`a${round}`])
      expect((await set.claim(5, 1_000)).ids).toEqual([`b${round}`])
      expect((await set.claim(5, 1_000)).ids).toEqual([])
    }
  })

  test('leases run on real time by default', async () => {
    const set = new InMemorySet()
    await set.add(['a'])
    await set.claim(1, 20)
    expect((await set.claim(1, 20)).ids).toEqual([])
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect((await set.claim(1, 20)).ids).toEqual(['a'])
  })

  test('a million ids are claimed in small claims without a search for each', async () => {
    const set = new InMemorySet()
    await set.add(Array.from({ length: 1_000_000 }, (_, at) => at))
    let claimed = 0
    for (;;) {
      const claim = await set.claim(100, 1_000)
      if (claim.ids.length === 0) break
      claimed += claim.ids.length
      await set.acknowledge(claim)
    }
    expect(claimed).toBe(1_000_000)
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IdsSetModel, operations } from './ids-set-model.ts'
import { allOf, failedOf, type IdsSetUnderTest } from './ids-set-under-test.ts'

export interface IdsSetContract {
  readonly name: string
  /** A new and empty set. */
  make(options: { batchSize?: number }): Promise<IdsSetUnderTest> | IdsSetUnderTest
  /**
   * `false` for claims over three plain methods. Ids stay in such a set until they are acknowledged, so `getAll` yields those
   * in flight, and those that wait or are parked, too; leases don't end, since only the process can be gone; and an id may be claimed once more than it was added.
   */
  readonly claimsByItself?: boolean
  /** `false` where an id can't hold U+0000. No text of Postgres holds it, so no key does. */
  readonly holdsZeroCharacters?: boolean
}

// So long that the time which a slow machine takes for the calls themselves never decides.
const lease = 9_000_000
const range = (length: number, first = 0): string[] => Array.from({ length }, (_, at) => String(first + at))
const sorted = (ids: Iterable<string>): string[] => [...ids].sort()

/** Tests that hold for every set of pending ids. Call it in a test file, once for each set. */
export function idsSetContract({
  name,
  make,
  claimsByItself = true,
  holdsZeroCharacters = true,
}: IdsSetContract): void {
  const storable = ids.filter(({ id }) => holdsZeroCharacters || !id.includes('\0'))
  describe(`${name} keeps the contract of an ids set`, () => {
    describe('add, delete, getAll', () => {
      test('an empty set yields no id and gives none to claim', async () => {
        const { set } = await make({})
        expect(await allOf(set)).toEqual([])
        expect((await set.claim(10, lease)).ids).toEqual([])
      })

      test('adding is idempotent, deleting takes what is given and nothing else', async () => {
        const { set, other } = await make({})
        await set.add(['a', 'b', 'b', 'c'])
        await other.add(['a'])
        expect(await allOf(set)).toEqual(['a', 'b', 'c'])
        await set.delete(['b', 'unknown'])
        expect(await allOf(other)).toEqual(['a', 'c'])
      })

      test('adding, deleting and acknowledging nothing does nothing', async () => {
        const { set } = await make({})
        await set.add([])
        await set.delete([])
        const claim = await set.claim(1, lease)
        await set.acknowledge(claim)
        await set.release(claim)
        expect(await set.renew(claim, lease)).toBe(true)
        expect(await allOf(set)).toEqual([])
      })

      test.each(storable)('$kind: comes out as it went in', async ({ id }) => {
        const { set, other } = await make({})
        await set.add([id, 'neighbour'])
        expect(await allOf(other)).toEqual(sorted([id, 'neighbour']))
        const claim = await other.claim(10, lease)
        expect(sorted(claim.ids)).toEqual(sorted([id, 'neighbour']))
        await other.acknowledge({ ...claim, ids: [id] })
        await other.release(claim)
        expect(await allOf(set)).toEqual(['neighbour'])
        await set.add([id])
        await set.delete([id])
        expect(await allOf(set)).toEqual(['neighbour'])
      })

      test('70,000 ids at once, in each direction', async () => {
        const { set } = await make({})
        const ids = range(70_000)
        await set.add(ids)
        expect(await allOf(set)).toEqual(sorted(ids))
        const claim = await set.claim(70_000, lease)
        expect(sorted(claim.ids)).toEqual(sorted(ids))
        expect(await set.renew(claim, lease)).toBe(true)
        await set.release({ ...claim, ids: claim.ids.slice(0, 35_000) })
        await set.acknowledge(claim)
        expect(await allOf(set)).toEqual(sorted(claim.ids.slice(0, 35_000)))
        await set.delete(ids)
        expect(await allOf(set)).toEqual([])
      }, 120_000)

      test('the loop of a reader that deletes each batch ends with an empty set', async () => {
        const { set } = await make({ batchSize: 100 })
        await set.add(range(2_500))
        const seen = new Set<unknown>()
        for await (const batch of set.getAll()) {
          for (const id of batch) seen.add(id)
          if (batch.length > 0) await set.delete(batch as string[])
        }
        expect(seen.size).toBe(2_500)
        expect(await allOf(set)).toEqual([])
      })

      test('a reader that adds what it reads comes to an end, and misses nothing', async () => {
        const { set } = await make({ batchSize: 10 })
        await set.add(range(300))
        const seen = new Set<unknown>()
        let batches = 0
        for await (const batch of set.getAll()) {
          for (const id of batch) seen.add(id)
          batches += 1
          if (batch.length > 0) await set.delete(batch as string[])
          await set.add([...(batch as string[]), `new ${batches}`])
        }
        expect([...seen]).toEqual(expect.arrayContaining(range(300)))
        expect(batches).toBeLessThan(1_000)
      })
    })

    describe('claims', () => {
      test('a claim takes at most what it asks for, and fewer only when none is left', async () => {
        const { set } = await make({})
        await set.add(range(25))
        const claims = [await set.claim(10, lease), await set.claim(10, lease), await set.claim(10, lease)]
        expect(claims.map((claim) => claim.ids.length)).toEqual([10, 10, 5])
        expect(sorted(claims.flatMap((claim) => claim.ids))).toEqual(sorted(range(25)))
        expect((await set.claim(10, lease)).ids).toEqual([])
      })

      test('tokens grow from claim to claim, also between connections', async () => {
        const { set, other } = await make({})
        await set.add(range(12))
        const tokens: bigint[] = []
        for (let at = 0; at < 12; at++) {
          tokens.push(BigInt((await (at % 2 ? set : other).claim(1, lease)).token))
        }
        expect(tokens).toEqual([...tokens].sort((a, b) => (a < b ? -1 : 1)))
        expect(new Set(tokens).size).toBe(12)
      })

      test('what is acknowledged is gone; what is released can be claimed at once, by anyone', async () => {
        const { set, other } = await make({})
        await set.add(['a', 'b'])
        const claim = await set.claim(2, lease)
        await set.acknowledge({ ...claim, ids: ['a'] })
        await set.release({ ...claim, ids: ['b'] })
        expect((await other.claim(2, lease)).ids).toEqual(['b'])
      })

      test('inFlight yields what is claimed, and nothing else', async () => {
        const { set, other } = await make({})
        await set.add(range(2_500))
        const claim = await set.claim(2_400, lease)
        await set.acknowledge({ ...claim, ids: claim.ids.slice(0, 100) })
        const found = new Set<string>()
        for await (const ids of other.inFlight()) for (const id of ids) found.add(id)
        expect(sorted([...found])).toEqual(sorted(claim.ids.slice(100)))
      })

      test('acknowledging or releasing twice does nothing more', async () => {
        const { set } = await make({})
        await set.add(['a', 'b'])
        const first = await set.claim(2, lease)
        await set.acknowledge(first)
        await set.add(['a', 'b'])
        const second = await set.claim(2, lease)
        await set.acknowledge(first)
        await set.release(first)
        expect((await set.claim(2, lease)).ids).toEqual([])
        await set.release(second)
        expect(sorted((await set.claim(2, lease)).ids)).toEqual(['a', 'b'])
      })

      test('an id that is added again during its flight can be claimed after it, and not before', async () => {
        const { set, other } = await make({})
        await set.add(['a', 'b'])
        const flight = await set.claim(2, lease)
        await other.add(['a'])
        expect((await other.claim(2, lease)).ids).toEqual([])
        expect((await set.claim(2, lease)).ids).toEqual([])
        await set.acknowledge(flight)
        const next = await other.claim(2, lease)
        expect(next.ids).toEqual(['a'])
        await other.acknowledge(next)
        expect(await allOf(set)).toEqual([])
      })

      test('acknowledging says whether some of the ids were added again', async () => {
        const { set, other } = await make({})
        await set.add(['a', 'b', 'c'])
        const flight = await set.claim(3, lease)
        await other.add(['a', 'b'])
        expect(await set.acknowledge({ ...flight, ids: ['a'] })).toBe(true)
        // Another claimer has come in vain for "b" meanwhile.
        await other.claim(3, lease)
        expect(await set.acknowledge({ ...flight, ids: ['b'] })).toBe(true)
        expect(await set.acknowledge(flight)).toBe(false)
        expect(await set.acknowledge(flight)).toBe(false)
      })

      test('added again and released, it is built once', async () => {
        const { set } = await make({})
        await set.add(['a'])
        const flight = await set.claim(1, lease)
        await set.add(['a'])
        await set.claim(1, lease)
        await set.release(flight)
        const next = await set.claim(1, lease)
        expect(next.ids).toEqual(['a'])
        await set.acknowledge(next)
        expect((await set.claim(1, lease)).ids).toEqual([])
      })

      test.each([0, -1, 1.5, Number.NaN, Infinity])(
        'a claim of %s ids, or for so long, is refused',
        async (wrong) => {
          const { set } = await make({})
          await set.add(['a'])
          await expect(set.claim(wrong, lease)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
          await expect(set.claim(1, wrong)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
          const claim = await set.claim(1, lease)
          await expect(set.renew(claim, wrong)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
        },
      )

      test('claimers at the same time never hold the same id', async () => {
        const { set, other } = await make({})
        await set.add(range(500))
        const claims = await Promise.all(
          Array.from({ length: 40 }, (_, at) => (at % 2 ? set : other).claim(20, lease)),
        )
        const held = claims.flatMap((claim) => claim.ids)
        expect(held.length).toBe(500)
        expect(new Set(held).size).toBe(500)
      })
    })

    failureTests(make)
    if (claimsByItself) leaseTests(make)
    if (claimsByItself) backlogTests(make)

    test('behaves as the model, whatever the order of calls', async () => {
      const outcome = await fc.check(
        fc.asyncProperty(fc.array(operations, { maxLength: 40 }), async (script) => {
          const subject = await make({ batchSize: 3 })
          const model = new IdsSetModel(subject, claimsByItself)
          for (const operation of script) await model.apply(operation)
          await model.finish()
        }),
        { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 300) },
      )
      expect(outcome.failed, fc.defaultReportMessage(outcome)).toBe(false)
    }, 120_000)
  })
}

/** Texts that Postgres prints for keys, and texts that break those who quote, split or parse. */
const ids: readonly { kind: string; id: string }[] = [
  { kind: 'an integer', id: '42' },
  { kind: 'a bigint beyond 2^53', id: '9007199254740993' },
  { kind: 'a negative number', id: '-1' },
  { kind: 'a numeric', id: '12345678901234567890.1200' },
  { kind: 'a uuid', id: '6f9619ff-8b86-d011-b42d-00cf4fc964ff' },
  { kind: 'a timestamp', id: '2024-02-29 23:59:59.123456+00' },
  { kind: 'no character', id: '' },
  { kind: 'a space', id: ' ' },
  { kind: 'an emoji of many code points', id: '👩‍👩‍👧‍👦' },
  { kind: 'quotes and a backslash', id: `'"\\` },
  { kind: 'parameters and patterns', id: `$1 $& $' %s` },
  { kind: 'line ends', id: 'a\r\nb\n' },
  { kind: 'a zero', id: 'b\0c' },
  { kind: 'the name of a prototype', id: '__proto__' },
  { kind: 'a megabyte', id: 'ä'.repeat(500_000) },
]

function leaseTests(make: IdsSetContract['make']): void {
  const timed = async (): Promise<IdsSetUnderTest> => make({})

  describe('leases', () => {
    test('what a claimer that is gone has held returns when its lease ends, not before', async () => {
      const { set, other, pass } = await timed()
      await set.add(['a', 'b'])
      await set.claim(2, 1_000_000)
      await pass(900_000)
      expect((await other.claim(2, lease)).ids).toEqual([])
      await pass(100_001)
      expect(sorted((await other.claim(2, lease)).ids)).toEqual(['a', 'b'])
    })

    test('a claimer that wakes up late does nothing to the one that came after', async () => {
      const { set, other, pass } = await timed()
      await set.add(['a'])
      const late = await set.claim(1, 1_000_000)
      await pass(1_000_001)
      const current = await other.claim(1, lease)
      expect(current.ids).toEqual(['a'])
      expect(BigInt(current.token)).toBeGreaterThan(BigInt(late.token))

      expect(await set.renew(late, lease)).toBe(false)
      await set.acknowledge(late)
      await set.release(late)
      expect((await set.claim(1, lease)).ids).toEqual([])

      expect(await other.renew(current, lease)).toBe(true)
      await other.acknowledge(current)
      expect((await set.claim(1, lease)).ids).toEqual([])
      expect(await allOf(set)).toEqual([])
    })

    test('a lease that has ended is still good where nobody has claimed since', async () => {
      const { set, pass } = await timed()
      await set.add(['a', 'b'])
      const claim = await set.claim(2, 1_000_000)
      await pass(2_000_000)
      expect(await set.renew({ ...claim, ids: ['a'] }, lease)).toBe(true)
      await set.acknowledge({ ...claim, ids: ['b'] })
      expect((await set.claim(2, lease)).ids).toEqual([])
    })

    test('a renewed lease counts from the renewal', async () => {
      const { set, other, pass } = await timed()
      await set.add(['a', 'b'])
      const claim = await set.claim(2, 1_000_000)
      await pass(900_000)
      expect(await set.renew({ ...claim, ids: ['a'] }, 1_000_000)).toBe(true)
      await pass(900_000)
      expect((await other.claim(2, lease)).ids).toEqual(['b'])
      expect(await set.renew(claim, 1_000_000)).toBe(false)
      await pass(900_000)
      expect((await other.claim(2, lease)).ids).toEqual([])
      await pass(100_001)
      expect((await other.claim(2, lease)).ids).toEqual(['a'])
    })

    test('each claim has its own lease', async () => {
      const { set, other, pass } = await timed()
      await set.add(range(4))
      const [short, long, longest] = [
        await set.claim(1, 1_000_000),
        await other.claim(1, 3_000_000),
        await set.claim(1, 5_000_000),
      ]
      await other.claim(1, lease)
      await pass(2_000_000)
      expect((await set.claim(4, lease)).ids).toEqual(short.ids)
      await pass(2_000_000)
      expect((await set.claim(4, lease)).ids).toEqual(long.ids)
      await pass(2_000_000)
      expect((await set.claim(4, lease)).ids).toEqual(longest.ids)
    })

    test('renewing what was acknowledged or released says that it is lost', async () => {
      const { set } = await timed()
      await set.add(['a', 'b'])
      const claim = await set.claim(2, lease)
      await set.acknowledge({ ...claim, ids: ['a'] })
      expect(await set.renew(claim, lease)).toBe(false)
      await set.release({ ...claim, ids: ['b'] })
      expect(await set.renew(claim, lease)).toBe(false)
      expect((await set.claim(2, lease)).ids).toEqual(['b'])
    })

    test('added again in a flight whose lease ends, it is claimed once', async () => {
      const { set, other, pass } = await timed()
      await set.add(['a'])
      await set.claim(1, 1_000_000)
      await other.add(['a'])
      await other.claim(1, lease)
      await pass(1_000_001)
      const next = await other.claim(5, lease)
      expect(next.ids).toEqual(['a'])
      await other.acknowledge(next)
      expect((await set.claim(1, lease)).ids).toEqual([])
    })

    test('20,000 ids whose lease has ended come back in one claim', async () => {
      const { set, pass } = await timed()
      await set.add(range(20_000))
      await set.claim(20_000, 1_000_000)
      await pass(1_000_001)
      expect((await set.claim(20_000, lease)).ids.length).toBe(20_000)
    })

    test('what is in flight is not pending, what was added again is', async () => {
      const { set, other } = await timed()
      await set.add(['a', 'b', 'c'])
      const claim = await set.claim(2, lease)
      const [again] = claim.ids
      await set.add([again!])
      const rest = sorted(['a', 'b', 'c'].filter((id) => !claim.ids.includes(id) || id === again))
      expect(await allOf(other)).toEqual(rest)
      await other.claim(5, lease)
      expect(await allOf(other)).toEqual([again])
    })

    test('deleting takes an id out of what is pending; its flight goes on', async () => {
      const { set, other } = await timed()
      await set.add(['a', 'b'])
      const claim = await set.claim(2, lease)
      await other.add(['a', 'b'])
      await other.claim(2, lease)
      await other.delete(['a', 'b'])
      expect(await set.renew(claim, lease)).toBe(true)
      await set.acknowledge({ ...claim, ids: ['a'] })
      expect(await allOf(set)).toEqual([])
      await set.release(claim)
      expect(await allOf(set)).toEqual(['b'])
    })
  })
}

const error = 'the column is too long'
const minute = 60_000

async function failing(
  make: IdsSetContract['make'],
  retryInMs: number | null,
  ids = ['a'],
): Promise<IdsSetUnderTest> {
  const subject = await make({})
  await subject.set.add(ids)
  await subject.set.release(await subject.set.claim(ids.length, lease), { error, retryInMs })
  return subject
}

function failureTests(make: IdsSetContract['make']): void {
  const claimed = async (set: IdsSetUnderTest['set']): Promise<readonly string[]> =>
    sorted((await set.claim(10, lease)).ids)

  describe('failures', () => {
    test('an id that never failed comes without failures, also after it was released', async () => {
      const { set } = await make({})
      await set.add(['a'])
      const first = await set.claim(1, lease)
      expect(first.failures?.get('a')).toBeUndefined()
      expect(first.nextRetryMs).toBeUndefined()
      await set.release(first)
      const second = await set.claim(1, lease)
      expect(second.ids).toEqual(['a'])
      expect(second.failures?.get('a')).toBeUndefined()
    })

    test('what failed waits, for everybody, and can be claimed when its time has come', async () => {
      const { set, other, pass } = await failing(make, 10 * minute)
      await set.add(['b'])
      const claim = await other.claim(10, lease)
      expect(claim.ids).toEqual(['b'])
      expect(claim.nextRetryMs).toBeGreaterThan(9 * minute)
      expect(claim.nextRetryMs).toBeLessThanOrEqual(10 * minute)
      await pass(9 * minute)
      expect(await claimed(set)).toEqual([])
      await pass(minute + 1)
      const due = await other.claim(10, lease)
      expect(due.ids).toEqual(['a'])
      expect(due.nextRetryMs).toBeUndefined()
      expect(due.failures?.get('a')).toMatchObject({ attempts: 1 })
    })

    test('a wait of nothing can be claimed at once, and the attempt is counted', async () => {
      const { set, other } = await failing(make, 0)
      expect(await failedOf(set)).toEqual([])
      const claim = await other.claim(10, lease)
      expect(claim.ids).toEqual(['a'])
      expect(claim.failures?.get('a')).toMatchObject({ attempts: 1 })
    })

    test('what is parked can not be claimed, however long it takes', async () => {
      const { set, other, pass } = await failing(make, null)
      await pass(1_000 * minute)
      const claim = await other.claim(10, lease)
      expect(claim.ids).toEqual([])
      expect(claim.nextRetryMs).toBeUndefined()
      expect(await failedOf(set)).toMatchObject([{ id: 'a', attempts: 1, error, retryInMs: null }])
    })

    test('attempts add up, the time of the first failure stays, the last error counts', async () => {
      const { set, other, pass } = await failing(make, minute)
      for (let attempt = 2; attempt <= 4; attempt++) {
        await pass(2 * minute)
        const claim = await other.claim(1, lease)
        const past = claim.failures?.get('a')
        expect(past?.attempts).toBe(attempt - 1)
        expect(past?.failingForMs).toBeGreaterThanOrEqual((attempt - 1) * 2 * minute)
        expect(past?.failingForMs).toBeLessThan((attempt - 1) * 2 * minute + minute)
        await other.release(claim, { error: `error ${attempt}`, retryInMs: attempt < 4 ? minute : null })
      }
      const [failed] = await failedOf(set)
      expect(failed).toMatchObject({ id: 'a', attempts: 4, error: 'error 4', retryInMs: null })
      expect(failed!.failingForMs).toBeGreaterThanOrEqual(6 * minute)
      expect(failed!.failingForMs).toBeLessThan(7 * minute)
    })

    test.each([10 * minute, null])(
      'adding an id that waits (%s) makes it claimable at once; its failures stay known',
      async (retryInMs) => {
        const { set, other } = await failing(make, retryInMs, ['a', 'b'])
        await other.add(['a'])
        expect(await failedOf(set)).toMatchObject([{ id: 'b' }])
        const claim = await set.claim(10, lease)
        expect(claim.ids).toEqual(['a'])
        expect(claim.failures?.get('a')).toMatchObject({ attempts: 1 })
      },
    )

    test.each([10 * minute, null, 0])(
      'added again during the flight that failed (%s), it can be claimed at once and is counted',
      async (retryInMs) => {
        const { set, other } = await make({})
        await set.add(['a', 'b'])
        const flight = await set.claim(2, lease)
        await other.add(['a', 'b'])
        // Another claimer comes in vain for them meanwhile.
        expect(await claimed(other)).toEqual([])
        await set.release({ ...flight, ids: ['a'] }, { error, retryInMs })
        const next = await other.claim(10, lease)
        expect(next.ids).toEqual(['a'])
        expect(next.failures?.get('a')).toMatchObject({ attempts: 1 })
      },
    )

    test('acknowledging forgets the failures, releasing without one does not', async () => {
      const { set } = await failing(make, 0, ['a', 'b'])
      const second = await set.claim(2, lease)
      await set.acknowledge({ ...second, ids: ['a'] })
      await set.release({ ...second, ids: ['b'] })
      await set.add(['a'])
      const third = await set.claim(2, lease)
      expect([...(third.failures ?? [])]).toMatchObject([['b', { attempts: 1 }]])
    })

    test('an acknowledged id that was added again has no failures any more', async () => {
      const { set } = await failing(make, 0)
      const second = await set.claim(1, lease)
      await set.add(['a'])
      expect(await set.acknowledge(second)).toBe(true)
      const third = await set.claim(1, lease)
      expect(third.ids).toEqual(['a'])
      expect(third.failures?.get('a')).toBeUndefined()
    })

    test.each([10 * minute, null, 0])(
      'deleting what failed (%s) takes it out and forgets its failures',
      async (retryInMs) => {
        const { set, other } = await failing(make, retryInMs, ['a', 'b'])
        await other.delete(['a'])
        expect((await failedOf(set)).map(({ id }) => id)).toEqual(retryInMs === 0 ? [] : ['b'])
        await set.add(['a', 'b'])
        const claim = await set.claim(10, lease)
        expect([...(claim.failures?.keys() ?? [])]).toEqual(['b'])
      },
    )

    test('a part of a claim fails, the other is acknowledged', async () => {
      const { set } = await make({})
      await set.add(range(2_500))
      const claim = await set.claim(2_500, lease)
      await set.release({ ...claim, ids: claim.ids.slice(0, 1_200) }, { error, retryInMs: minute })
      await set.release({ ...claim, ids: claim.ids.slice(1_200, 2_400) }, { error, retryInMs: null })
      await set.acknowledge(claim)
      const failed = await failedOf(set)
      expect(failed.map(({ id }) => id)).toEqual(sorted(claim.ids.slice(0, 2_400)))
      expect(failed.filter(({ retryInMs }) => retryInMs === null).length).toBe(1_200)
    })

    test('20,000 ids that are due come back in one claim, with their failures', async () => {
      const { set, pass } = await failing(make, minute, range(20_000))
      await pass(2 * minute)
      const claim = await set.claim(20_000, lease)
      expect(claim.ids.length).toBe(20_000)
      expect(claim.failures?.size).toBe(20_000)
    })

    test('what is due gets its turn though more is pending than a claim takes', async () => {
      const { set, pass } = await failing(make, minute)
      await pass(2 * minute)
      await set.add(range(5))
      const taken = [await set.claim(3, lease), await set.claim(3, lease)]
      expect(taken.flatMap(({ ids }) => ids)).toContain('a')
    })

    test('errors of any text are kept, long ones at least by their beginning', async () => {
      const { set } = await make({})
      await set.add(['a'])
      for (const text of ['', `'"\\ $1 %s 1 2`, 'line\r\n 👩‍👩‍👧‍👦', 'ä'.repeat(1_000)]) {
        await set.add(['a'])
        await set.release(await set.claim(1, lease), { error: text, retryInMs: null })
        expect((await failedOf(set))[0]?.error).toBe(text)
      }
      await set.add(['a'])
      await set.release(await set.claim(1, lease), { error: `${'ä'.repeat(999)}👍👍\0`, retryInMs: null })
      expect((await failedOf(set))[0]?.error).toMatch(/^ä{999}/)
    })

    test.each([-1, Number.NaN, Infinity])('a wait of %s is refused', async (retryInMs) => {
      const { set } = await make({})
      await set.add(['a'])
      const claim = await set.claim(1, lease)
      await expect(set.release(claim, { error, retryInMs })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
      await set.acknowledge(claim)
    })

    test('a claim that is over fails nothing', async () => {
      const { set } = await make({})
      await set.add(['a'])
      const first = await set.claim(1, lease)
      await set.acknowledge(first)
      await set.add(['a'])
      const second = await set.claim(1, lease)
      await set.release(first, { error, retryInMs: null })
      expect(await failedOf(set)).toEqual([])
      await set.release(second)
      expect((await set.claim(1, lease)).failures?.get('a')).toBeUndefined()
    })
  })

  describe('the backlog', () => {
    test('counts what is pending, in flight, waits and is parked', async () => {
      const { set, other, pass } = await make({})
      expect(await other.backlog()).toEqual({ pending: 0, inFlight: 0, retrying: 0, parked: 0 })
      await set.add(range(15))
      const claim = await set.claim(10, lease)
      await set.release({ ...claim, ids: claim.ids.slice(0, 3) }, { error, retryInMs: minute })
      await set.release({ ...claim, ids: claim.ids.slice(3, 5) }, { error, retryInMs: null })
      expect(await other.backlog()).toMatchObject({ pending: 5, inFlight: 5, retrying: 3, parked: 2 })
      await set.add(claim.ids.slice(9))
      expect(await other.backlog()).toMatchObject({ pending: 6, inFlight: 5, retrying: 3, parked: 2 })
      await pass(2 * minute)
      expect(await other.backlog()).toMatchObject({ pending: 9, inFlight: 5, retrying: 0, parked: 2 })
    })
  })
}

function backlogTests(make: IdsSetContract['make']): void {
  describe('the age of a backlog', () => {
    test('tells for how long something has been pending at the least', async () => {
      const { set, other, pass } = await make({})
      expect((await other.backlog()).oldestPendingMs).toBeUndefined()
      await set.add(['a'])
      await pass(2 * minute)
      await set.add(['b'])
      expect((await other.backlog()).oldestPendingMs).toBeGreaterThanOrEqual(2 * minute)
      expect((await other.backlog()).oldestPendingMs).toBeLessThan(3 * minute)
      const claim = await set.claim(2, lease)
      expect((await other.backlog()).oldestPendingMs).toBeUndefined()
      await pass(minute)
      await set.add(['a'])
      await pass(minute)
      expect((await other.backlog()).oldestPendingMs).toBeGreaterThanOrEqual(minute)
      expect((await other.backlog()).oldestPendingMs).toBeLessThan(2 * minute)
      await set.delete(['a'])
      expect((await other.backlog()).oldestPendingMs).toBeUndefined()
      await set.release(claim, { error, retryInMs: minute })
      expect((await other.backlog()).oldestPendingMs).toBeUndefined()
      // It is back when its time has come, or when somebody looks.
      await pass(3 * minute)
      expect((await other.backlog()).oldestPendingMs).toBeGreaterThanOrEqual(0)
      await pass(minute)
      expect((await other.backlog()).oldestPendingMs).toBeGreaterThanOrEqual(minute)
    })

    test('what waits or is parked is not pending', async () => {
      const { set } = await failing(make, minute, ['a', 'b'])
      expect(await allOf(set)).toEqual([])
      await set.add(['a'])
      await set.release(await set.claim(1, lease), { error, retryInMs: null })
      expect(await allOf(set)).toEqual([])
    })

    test('an expired lease counts no attempt, and failures of before stay known', async () => {
      const { set, other, pass } = await failing(make, 0)
      await set.claim(1, minute)
      await pass(2 * minute)
      const claim = await other.claim(1, lease)
      expect(claim.failures?.get('a')).toMatchObject({ attempts: 1 })
    })
  })
}

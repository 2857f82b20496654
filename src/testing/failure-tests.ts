import assert from 'node:assert/strict'
import type { Claim, FailedId } from '../core/pending/ids-set.ts'
import { assertTook } from './assert-took.ts'
import { failedOf, lease, minute, range, type SetTest, sorted, type Subject } from './ids-set-under-test.ts'

const error = 'the column is too long'

/** Waits of every kind: for some time, until it is added again, and none. */
const waits = [10 * minute, null, 0]

async function fail(
  { set }: Subject,
  retryInMs: number | null,
  ids: readonly string[] = ['a'],
): Promise<void> {
  await set.add([...ids])
  const claim = await set.claim(ids.length, lease)
  assert.deepEqual(sorted(claim.ids), sorted(ids))
  await set.release(claim, { error, retryInMs })
}

const attemptsOf = ({ failures }: Claim, id: string): number | undefined => failures?.get(id)?.attempts

async function failedIds(set: Subject['set']): Promise<string[]> {
  return (await failedOf(set)).map(({ id }) => id)
}

async function onlyFailed(set: Subject['set']): Promise<FailedId> {
  const [failed, ...others] = await failedOf(set)
  assert.deepEqual(others, [])
  assert.ok(failed, 'no id has failed')
  return failed
}

/** What a set remembers of those that could not be built. */
export const failureTests: readonly SetTest[] = [
  {
    name: 'an id that never failed comes without failures, also after it was released',
    async check({ set }) {
      await set.add(['a'])
      const first = await set.claim(1, lease)
      assert.equal(attemptsOf(first, 'a'), undefined)
      assert.equal(first.nextRetryMs, undefined)
      await set.release(first)
      const second = await set.claim(1, lease)
      assert.deepEqual(second.ids, ['a'])
      assert.equal(attemptsOf(second, 'a'), undefined)
    },
  },
  {
    name: 'what failed waits, for everybody, and can be claimed when its time has come',
    async check(subject) {
      const { set, other, pass } = subject
      await fail(subject, 10 * minute)
      await set.add(['b'])
      const claim = await other.claim(10, lease)
      assert.deepEqual(claim.ids, ['b'])
      assertTook(10 * minute - (claim.nextRetryMs ?? Number.NaN), 0)
      await pass(9 * minute)
      assert.deepEqual((await set.claim(10, lease)).ids, [])
      await pass(minute + 1)
      const due = await other.claim(10, lease)
      assert.deepEqual(due.ids, ['a'])
      assert.equal(due.nextRetryMs, undefined)
      assert.equal(attemptsOf(due, 'a'), 1)
    },
  },
  {
    name: 'a wait of nothing can be claimed at once, and the attempt is counted',
    async check(subject) {
      await fail(subject, 0)
      assert.deepEqual(await failedIds(subject.set), [])
      const claim = await subject.other.claim(10, lease)
      assert.deepEqual(claim.ids, ['a'])
      assert.equal(attemptsOf(claim, 'a'), 1)
    },
  },
  {
    name: 'what is parked can not be claimed, however long it takes',
    async check(subject) {
      const { set, other, pass } = subject
      await fail(subject, null)
      await pass(1_000 * minute)
      const claim = await other.claim(10, lease)
      assert.deepEqual(claim.ids, [])
      assert.equal(claim.nextRetryMs, undefined)
      const { failingForMs, ...parked } = await onlyFailed(set)
      assert.deepEqual(parked, { id: 'a', attempts: 1, error, retryInMs: null })
      assertTook(failingForMs, 1_000 * minute)
    },
  },
  {
    name: 'attempts add up, the time of the first failure stays, the last error counts',
    async check(subject) {
      const { set, other, pass } = subject
      await fail(subject, minute)
      for (let attempt = 2; attempt <= 4; attempt++) {
        await pass(2 * minute)
        const claim = await other.claim(1, lease)
        const past = claim.failures?.get('a')
        assert.equal(past?.attempts, attempt - 1)
        assertTook(past.failingForMs, (attempt - 1) * 2 * minute)
        await other.release(claim, { error: `error ${attempt}`, retryInMs: attempt < 4 ? minute : null })
      }
      const failed = await onlyFailed(set)
      assert.equal(failed.attempts, 4)
      assert.equal(failed.error, 'error 4')
      assertTook(failed.failingForMs, 6 * minute)
    },
  },
  {
    name: 'failed tells how long each that waits still will; what is due waits no more',
    async check(subject) {
      const { set, other, pass } = subject
      await fail(subject, 10 * minute)
      const { retryInMs } = await onlyFailed(other)
      assertTook(10 * minute - (retryInMs ?? Number.NaN), 0)
      await pass(11 * minute)
      const due = await failedOf(other)
      assert.ok(due.length <= 1 && due.every((failed) => failed.retryInMs !== null && failed.retryInMs <= 0))
      assert.deepEqual((await set.claim(1, lease)).ids, ['a'])
      assert.deepEqual(await failedIds(other), [])
    },
  },
  ...[10 * minute, null].map((retryInMs) => ({
    name: `adding an id that ${retryInMs === null ? 'is parked' : 'waits'} makes it claimable at once; its failures stay known`,
    check: async (subject: Subject) => {
      const { set, other } = subject
      await fail(subject, retryInMs, ['a', 'b'])
      await other.add(['a'])
      assert.deepEqual(await failedIds(set), ['b'])
      const claim = await set.claim(10, lease)
      assert.deepEqual(claim.ids, ['a'])
      assert.equal(attemptsOf(claim, 'a'), 1)
    },
  })),
  ...waits.map((retryInMs) => ({
    name: `added again during the flight that failed (${retryInMs}), it can be claimed at once, and is counted`,
    check: async ({ set, other }: Subject) => {
      await set.add(['a', 'b'])
      const flight = await set.claim(2, lease)
      await other.add(['a', 'b'])
      // Another claimer comes in vain for them meanwhile.
      assert.deepEqual((await other.claim(10, lease)).ids, [])
      await set.release({ ...flight, ids: ['a'] }, { error, retryInMs })
      const next = await other.claim(10, lease)
      assert.deepEqual(next.ids, ['a'])
      assert.equal(attemptsOf(next, 'a'), 1)
    },
  })),
  {
    name: 'acknowledging forgets the failures, releasing without one does not',
    async check(subject) {
      const { set } = subject
      await fail(subject, 0, ['a', 'b'])
      const second = await set.claim(2, lease)
      await set.acknowledge({ ...second, ids: ['a'] })
      await set.release({ ...second, ids: ['b'] })
      await set.add(['a'])
      const third = await set.claim(2, lease)
      assert.deepEqual(sorted(third.ids), ['a', 'b'])
      assert.equal(attemptsOf(third, 'a'), undefined)
      assert.equal(attemptsOf(third, 'b'), 1)
    },
  },
  {
    name: 'an acknowledged id that was added again has no failures any more',
    async check(subject) {
      const { set } = subject
      await fail(subject, 0)
      const second = await set.claim(1, lease)
      await set.add(['a'])
      assert.equal(await set.acknowledge(second), true)
      const third = await set.claim(1, lease)
      assert.deepEqual(third.ids, ['a'])
      assert.equal(attemptsOf(third, 'a'), undefined)
    },
  },
  ...waits.map((retryInMs) => ({
    name: `deleting what failed (${retryInMs}) takes it out and forgets its failures`,
    check: async (subject: Subject) => {
      const { set, other } = subject
      await fail(subject, retryInMs, ['a', 'b'])
      await other.delete(['a'])
      assert.deepEqual(await failedIds(set), retryInMs === 0 ? [] : ['b'])
      await set.add(['a', 'b'])
      const claim = await set.claim(10, lease)
      assert.deepEqual(sorted(claim.ids), ['a', 'b'])
      assert.equal(attemptsOf(claim, 'a'), undefined)
      assert.equal(attemptsOf(claim, 'b'), 1)
    },
  })),
  {
    name: 'parts of a claim fail, another is acknowledged; all that failed is read, in batches',
    batchSize: 100,
    async check({ set, other }) {
      await set.add(range(2_500))
      const claim = await set.claim(2_500, lease)
      const [waiting, parked] = [claim.ids.slice(0, 1_200), claim.ids.slice(1_200, 2_400)]
      await set.release({ ...claim, ids: waiting }, { error, retryInMs: minute })
      await set.release({ ...claim, ids: parked }, { error, retryInMs: null })
      await set.acknowledge(claim)
      const failed = await failedOf(other)
      const isParked = failed.filter(({ retryInMs }) => retryInMs === null)
      assert.deepEqual(
        failed.map(({ id }) => id),
        sorted([...waiting, ...parked]),
      )
      assert.deepEqual(
        isParked.map(({ id }) => id),
        sorted(parked),
      )
    },
  },
  {
    name: '20,000 ids that are due come back in one claim, with their failures',
    async check(subject) {
      await fail(subject, minute, range(20_000))
      await subject.pass(2 * minute)
      const claim = await subject.set.claim(20_000, lease)
      assert.equal(claim.ids.length, 20_000)
      assert.equal(claim.failures?.size, 20_000)
    },
  },
  {
    name: 'what is due gets its turn though more is pending than a claim takes',
    async check(subject) {
      const { set, pass } = subject
      await fail(subject, minute)
      await pass(2 * minute)
      await set.add(range(5))
      const taken = [...(await set.claim(3, lease)).ids, ...(await set.claim(3, lease)).ids]
      assert.ok(taken.includes('a'))
    },
  },
  {
    name: 'errors of any text are kept, long ones at least by their beginning',
    async check({ set }) {
      const release = async (text: string): Promise<string> => {
        await set.add(['a'])
        await set.release(await set.claim(1, lease), { error: text, retryInMs: null })
        return (await onlyFailed(set)).error
      }
      for (const text of ['', `'"\\ $1 %s 1 2`, 'line\r\n 👩‍👩‍👧‍👦', 'ä'.repeat(1_000)]) {
        assert.equal(await release(text), text)
      }
      assert.match(await release(`${'ä'.repeat(999)}👍👍\0`), /^ä{999}/)
      assert.match(await release('zero \0 character'), /^zero .* character$/s)
    },
  },
  ...[-1, Number.NaN, Infinity].map((retryInMs) => ({
    name: `a wait of ${retryInMs} is refused`,
    check: async ({ set }: Subject) => {
      await set.add(['a'])
      const claim = await set.claim(1, lease)
      await assert.rejects(async () => set.release(claim, { error, retryInMs }))
      await set.acknowledge(claim)
    },
  })),
  {
    name: 'a claim that is over fails nothing',
    async check({ set }) {
      await set.add(['a'])
      const first = await set.claim(1, lease)
      await set.acknowledge(first)
      await set.add(['a'])
      const second = await set.claim(1, lease)
      await set.release(first, { error, retryInMs: null })
      assert.deepEqual(await failedIds(set), [])
      await set.release(second)
      assert.equal(attemptsOf(await set.claim(1, lease), 'a'), undefined)
    },
  },
]

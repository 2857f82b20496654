import { describe, expect, test } from 'vitest'
import { InMemorySet } from '../core/pending/in-memory-set.ts'
import type { Backlog, Claim, Failure } from '../core/pending/ids-set.ts'
import { idsSetContract, plainSetContract } from './ids-set-contract.ts'

type Clock = () => number

/** Names of the tests that a set fails. */
async function failing(make: (now: Clock) => InMemorySet): Promise<string[]> {
  const tests = idsSetContract({
    seed: 1,
    make: () => {
      let now = 0
      return { set: make(() => now), pass: (ms) => void (now += ms) }
    },
  })
  const failed: string[] = []
  for (const { name, run } of tests) await run().catch(() => failed.push(name))
  return failed
}

/** Mistakes that are easily made in a set. */
const mistakes: Record<string, (now: Clock) => InMemorySet> = {
  'an add is merged into the flight': (now) =>
    new (class extends InMemorySet {
      readonly #flying = new Set<string>()
      override async claim(max: number, leaseMs: number): Promise<Claim> {
        const claim = await super.claim(max, leaseMs)
        for (const id of claim.ids) this.#flying.add(id)
        return claim
      }
      override async acknowledge(claim: Claim): Promise<boolean> {
        for (const id of claim.ids) this.#flying.delete(id)
        return super.acknowledge(claim)
      }
      override add(ids: readonly unknown[]): Promise<void> {
        return super.add(ids.filter((id) => !this.#flying.has(String(id))))
      }
    })({ now }),
  'failures are not told': (now) =>
    new (class extends InMemorySet {
      override async claim(max: number, leaseMs: number): Promise<Claim> {
        const { ids, token, nextRetryMs } = await super.claim(max, leaseMs)
        return { ids, token, nextRetryMs }
      }
    })({ now }),
  'when the next may be tried again is not told': (now) =>
    new (class extends InMemorySet {
      override async claim(max: number, leaseMs: number): Promise<Claim> {
        const { ids, token, failures } = await super.claim(max, leaseMs)
        return { ids, token, failures }
      }
    })({ now }),
  'a failure is a mere release': (now) =>
    new (class extends InMemorySet {
      override release(claim: Claim): Promise<void> {
        return super.release(claim)
      }
    })({ now }),
  'a release without a failure counts': (now) =>
    new (class extends InMemorySet {
      override release(claim: Claim, failure?: Failure): Promise<void> {
        return super.release(claim, failure ?? { error: '', retryInMs: 0 })
      }
    })({ now }),
  'parked ids come back by themselves': (now) =>
    new (class extends InMemorySet {
      override release(claim: Claim, failure?: Failure): Promise<void> {
        return super.release(claim, failure && { ...failure, retryInMs: failure.retryInMs ?? 86_400_000 })
      }
    })({ now }),
  'a delete does not forget': (now) =>
    new (class extends InMemorySet {
      override async delete(ids: readonly unknown[]): Promise<void> {
        const deleted = new Set(ids.map(String))
        for await (const batch of this.getAll()) await super.delete(batch.filter((id) => deleted.has(id)))
      }
    })({ now }),
  'what is parked counts as pending': (now) =>
    new (class extends InMemorySet {
      override async backlog(): Promise<Backlog> {
        const backlog = await super.backlog()
        return { ...backlog, pending: backlog.pending + backlog.parked }
      }
    })({ now }),
  'leases do not end': () => new InMemorySet({ now: () => 0 }),
  'only the first of the failed is told': (now) =>
    new (class extends InMemorySet {
      override *failed(): ReturnType<InMemorySet['failed']> {
        for (const batch of super.failed()) yield batch.slice(0, 1)
      }
    })({ now }),
}

describe('idsSetContract', () => {
  test('a set that keeps it fails nothing', async () => {
    expect(await failing((now) => new InMemorySet({ now }))).toEqual([])
  }, 120_000)

  test.each(Object.entries(mistakes))(
    'finds out that %s',
    async (_, make) => {
      expect(await failing(make)).not.toEqual([])
    },
    120_000,
  )

  test('random calls alone find a mistake, tell the seed, and fail by it again, with few calls', async () => {
    const model = (options: { seed?: number; runs?: number }) =>
      idsSetContract({
        ...options,
        make: () => ({
          set: mistakes['when the next may be tried again is not told']!(() => 0),
          pass: () => undefined,
        }),
      }).at(-1)!
    const error: unknown = await model({ seed: 7 })
      .run()
      .catch((caught: unknown) => caught)
    const [, seed, calls] = /set seed: (\d+)\. The shortest calls that fail:\n(.*)$/s.exec(String(error))!
    expect(calls!.split('\n').length).toBeLessThanOrEqual(6)
    await expect(model({ seed: Number(seed), runs: 1 }).run()).rejects.toThrow(calls)
  })

  test('what a set needs to be ended is ended, also after a failure', async () => {
    const ended: string[] = []
    const tests = idsSetContract({
      make: () => ({
        set: new InMemorySet({ now: () => 0 }),
        pass: () => undefined,
        end: () => void ended.push('set'),
      }),
      runs: 2,
    })
    const lease = tests.find(({ name }) => name.startsWith('each claim has its own lease'))!
    await expect(lease.run()).rejects.toThrow('deep-equal')
    expect(ended).toEqual(['set'])
    await tests
      .at(-1)!
      .run()
      .catch(() => undefined)
    expect(ended.length).toBeGreaterThan(2)
  })

  test('options leave out what a set can not have', () => {
    const names = (options: { holdsZeroCharacters?: boolean; tellsAge?: boolean }): string[] =>
      idsSetContract({ ...options, make: () => ({ set: new InMemorySet(), pass: () => undefined }) }).map(
        ({ name }) => name,
      )
    const all = names({})
    const without = names({ holdsZeroCharacters: false, tellsAge: false })
    expect(new Set(all).size).toBe(all.length)
    expect(all.filter((name) => !without.includes(name))).toEqual([
      'a zero: comes out as it went in',
      'the backlog tells for how long something has been pending',
    ])
  })
})

describe('plainSetContract', () => {
  test('finds out that a set deletes more than it is told', async () => {
    class Forgetting {
      readonly set = new Set<unknown>()
      add(ids: string[]): void {
        for (const id of ids) this.set.add(id)
      }
      delete(): void {
        this.set.clear()
      }
      *getAll(): Generator<unknown[]> {
        yield [...this.set]
      }
    }
    const failed: string[] = []
    for (const { name, run } of plainSetContract({ make: () => new Forgetting() })) {
      await run().catch(() => failed.push(name))
    }
    expect(failed).toContain('adding is idempotent, deleting takes what is given and nothing else')
    expect(failed).toContain('behaves as the model, whatever the order of calls')
  }, 120_000)
})

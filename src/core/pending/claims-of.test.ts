import { describe, expect, test, vi } from 'vitest'
import { testPlainSet } from '../../../test/contracts/ids-set.ts'
import { claimsOf } from './claims-of.ts'
import type { IdsSet } from './ids-set.ts'
import { InMemorySet } from './in-memory-set.ts'

/** The set of the documentation, word for word but for its privacy. */
class MySet implements IdsSet {
  set = new Set<unknown>()

  async add(ids: unknown[]): Promise<void> {
    ids.forEach((id) => this.set.add(id))
  }

  async delete(ids: unknown[]): Promise<void> {
    ids.forEach((id) => this.set.delete(id))
  }

  async *getAll(): AsyncGenerator<unknown[]> {
    yield [...this.set]
  }
}

/** Yields by a plain iterator, in small batches with empty ones between, and answers late. */
class PagedSet extends MySet {
  readonly #size: number

  constructor(size: number) {
    super()
    this.#size = size
  }

  override async add(ids: unknown[]): Promise<void> {
    await Promise.resolve()
    await super.add(ids)
  }

  override async delete(ids: unknown[]): Promise<void> {
    await Promise.resolve()
    await super.delete(ids)
  }

  override async *getAll(): AsyncGenerator<unknown[]> {
    let page: unknown[] = []
    yield []
    for (const id of new Set(this.set)) {
      page.push(id)
      if (page.length < this.#size) continue
      yield page
      yield []
      page = []
    }
    yield page
  }
}

/** Everything sync, and ids come back as numbers where they look like some. */
class NumberSet implements IdsSet {
  set = new Set<unknown>()

  add(ids: string[]): void {
    for (const id of ids) this.set.add(/^\d{1,9}$/.test(id) ? Number(id) : id)
  }

  delete(ids: unknown[]): void {
    for (const id of ids) this.set.delete(id)
  }

  *getAll(): Generator<unknown[]> {
    yield [...this.set].slice(0, 2)
    yield [...this.set].slice(2)
  }
}

testPlainSet('MySet of the documentation', { make: () => new MySet() })
testPlainSet('a set that pages', { make: ({ batchSize = 50 }) => new PagedSet(batchSize) })

describe('claimsOf', () => {
  test('a set that claims is left as it is', () => {
    const set = new InMemorySet()
    expect(claimsOf(set)).toBe(set)
  })

  test('one set object has one book of claims', () => {
    const set = new MySet()
    expect(claimsOf(set)).toBe(claimsOf(set))
    expect(claimsOf(set)).not.toBe(claimsOf(new MySet()))
  })

  test('says what a set lacks', () => {
    const { add, delete: remove, getAll, claim } = InMemorySet.prototype
    const wrong =
      (set: object): (() => unknown) =>
      () =>
        claimsOf(set as IdsSet)
    expect(wrong({ add })).toThrow('lacks: delete, getAll')
    expect(wrong({ add, delete: remove, getAll, claim })).toThrow(
      'lacks: acknowledge, release, renew, inFlight, failed, backlog',
    )
    expect(wrong(null as unknown as object)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  test('is as durable as the set says', () => {
    expect(claimsOf(new MySet()).durable).toBe(false)
    expect(claimsOf(Object.assign(new MySet(), { durable: true })).durable).toBe(true)
  })

  test('leases do not end: renewing always succeeds', async () => {
    const claims = claimsOf(new MySet())
    await claims.add(['a'])
    const claim = await claims.claim(1, 1)
    expect(await claims.renew(claim, 1)).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect((await claims.claim(1, 1)).ids).toEqual([])
  })
})

describe('claims over a plain set', () => {
  test('ids stay in the set until they are acknowledged', async () => {
    const set = new MySet()
    const claims = claimsOf(set)
    await claims.add(['a', 'b'])
    const claim = await claims.claim(2, 1)
    expect([...set.set]).toEqual(['a', 'b'])
    await claims.release({ ...claim, ids: ['a'] })
    await claims.acknowledge(claim)
    expect([...set.set]).toEqual(['a'])
  })

  test('an id that comes back during its flight is never deleted, whenever the add begins', async () => {
    // The add begins before, during or after the acknowledgement, on a set that takes a while for everything.
    for (let ticks = 0; ticks < 12; ticks++) {
      const set = new PagedSet(10)
      const claims = claimsOf(set)
      await claims.add(['a'])
      const claim = await claims.claim(1, 1)
      const adding = (async () => {
        for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
        await claims.add(['a'])
      })()
      await Promise.all([claims.acknowledge(claim), adding])
      expect((await claims.claim(1, 1)).ids, `after ${ticks} ticks`).toEqual(['a'])
    }
  })

  test('no add overlaps a delete', async () => {
    let running = ''
    const overlaps: string[] = []
    const set = new MySet()
    const slow = (name: string, method: (ids: unknown[]) => Promise<void>) => async (ids: unknown[]) => {
      if (running !== '' && running !== name) overlaps.push(`${name} in ${running}`)
      running = name
      await new Promise((resolve) => setTimeout(resolve, 1))
      await method.call(set, ids)
      running = ''
    }
    set.add = slow('add', MySet.prototype.add)
    set.delete = slow('delete', MySet.prototype.delete)
    const claims = claimsOf(set)
    await claims.add(['a', 'b', 'c', 'd'])
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        const claim = await claims.claim(1, 1)
        await Promise.all([claims.acknowledge(claim), claims.add(['a']), claims.delete(['d'])])
      }),
    )
    expect(overlaps).toEqual([])
  })

  test('the set gets back the values it gave', async () => {
    const set = new NumberSet()
    const claims = claimsOf(set)
    await claims.add(['1', '2', 'three'])
    const claim = await claims.claim(10, 1)
    expect(claim.ids).toEqual(['1', '2', 'three'])
    await claims.acknowledge(claim)
    expect(set.set.size).toBe(0)
  })

  test('two values of one id are one claim, and both are deleted', async () => {
    const set = new MySet()
    set.set = new Set([7, '7', 7n])
    const claims = claimsOf(set)
    const claim = await claims.claim(10, 1)
    expect(claim.ids).toEqual(['7'])
    await claims.acknowledge(claim)
    expect(set.set.size).toBe(0)
  })

  test('two builders in one process over one set hold nothing twice and lose nothing', async () => {
    const set = new PagedSet(7)
    const held = new Set<string>()
    let emitted = 0
    const builder = async (): Promise<void> => {
      const claims = claimsOf(set)
      for (;;) {
        const claim = await claims.claim(5, 1)
        if (claim.ids.length === 0) return
        for (const id of claim.ids) {
          expect(held.has(id)).toBe(false)
          held.add(id)
        }
        await Promise.resolve()
        for (const id of claim.ids) held.delete(id)
        await claims.acknowledge(claim)
        emitted += claim.ids.length
      }
    }
    await claimsOf(set).add(Array.from({ length: 500 }, (_, at) => `${at}`))
    await Promise.all([builder(), builder(), builder()])
    expect(emitted).toBeGreaterThanOrEqual(500)
    expect(set.set.size).toBe(0)
  })

  test('a set is read on from where the last claim stopped, not from its beginning', async () => {
    const set = new PagedSet(10)
    const getAll = vi.spyOn(set, 'getAll')
    const claims = claimsOf(set)
    await claims.add(Array.from({ length: 100 }, (_, at) => `${at}`))
    for (let round = 0; round < 10; round++) await claims.acknowledge(await claims.claim(10, 1))
    expect(getAll).toHaveBeenCalledTimes(1)
    expect((await claims.claim(10, 1)).ids).toEqual([])
  })

  test('a run over a set that never forgets comes to an end', async () => {
    const set = new MySet()
    set.delete = async () => undefined
    const claims = claimsOf(set)
    await claims.add(Array.from({ length: 50 }, (_, at) => `${at}`))
    let claimsMade = 0
    for (;;) {
      const claim = await claims.claim(10, 1)
      claimsMade += 1
      await claims.acknowledge(claim)
      if (claim.ids.length < 10) break
    }
    expect(claimsMade).toBe(6)
    expect((await claims.claim(10, 1)).ids.length).toBe(10)
  })

  test('what is added while a walk rests is found by the same run', async () => {
    const claims = claimsOf(new MySet())
    await claims.add(['a', 'b'])
    const first = await claims.claim(2, 1)
    await claims.add(['c', 'a'])
    await claims.acknowledge(first)
    expect([...(await claims.claim(10, 1)).ids].sort()).toEqual(['a', 'c'])
  })

  test('what comes back after its flight is found, though the walk has passed it by', async () => {
    const claims = claimsOf(new MySet())
    await claims.add(['a'])
    const first = await claims.claim(1, 1)
    await claims.add(['a', 'b', 'c'])
    expect((await claims.claim(1, 1)).ids).toEqual(['b'])
    await claims.acknowledge(first)
    expect((await claims.claim(10, 1)).ids).toEqual(['c', 'a'])
  })

  test('a claim starts over once at most, however much is added meanwhile', async () => {
    const set = new MySet()
    const claims = claimsOf(set)
    await claims.add(['a', 'b'])
    await claims.claim(1, 1)
    let walks = 0
    set.getAll = async function* () {
      walks += 1
      await claims.add(['a'])
      yield [...set.set]
    }
    expect((await claims.claim(10, 1)).ids).toEqual(['b'])
    expect((await claims.claim(10, 1)).ids).toEqual([])
    expect(walks).toBe(1)
  })

  test('an error of the set comes through as it is', async () => {
    const broken = new Error('disk full')
    const fail = async (): Promise<never> => {
      throw broken
    }
    const set = new MySet()
    const claims = claimsOf(set)
    await claims.add(['a'])
    const claim = await claims.claim(1, 1)
    set.add = fail
    set.delete = fail
    await expect(claims.add(['b'])).rejects.toBe(broken)
    await expect(claims.delete(['b'])).rejects.toBe(broken)
    await expect(claims.acknowledge(claim)).rejects.toBe(broken)
    set.getAll = () => {
      throw broken
    }
    await expect(claims.claim(1, 1)).rejects.toBe(broken)
  })

  test('ids that could not be deleted can be claimed again', async () => {
    const set = new MySet()
    const claims = claimsOf(set)
    await claims.add(['a'])
    const remove = vi.spyOn(set, 'delete').mockRejectedValueOnce(new Error('unreachable'))
    await expect(claims.acknowledge(await claims.claim(1, 1))).rejects.toThrow('unreachable')
    await claims.acknowledge(await claims.claim(1, 1))
    expect(remove).toHaveBeenCalledTimes(2)
    expect(set.set.size).toBe(0)
  })

  test('when reading fails half way, what was taken so far can be claimed again', async () => {
    const set = new MySet()
    const claims = claimsOf(set)
    set.getAll = async function* () {
      yield ['a']
      throw new Error('lost')
    }
    await expect(claims.claim(2, 1)).rejects.toThrow('lost')
    set.getAll = async function* () {
      yield ['a', 'b']
    }
    expect((await claims.claim(2, 1)).ids).toEqual(['a', 'b'])
  })

  test.each([
    ['a batch that is no array', 'ab'],
    ['no batch', undefined],
    ['a value that is no id', [{}]],
    ['nothing as a value', [null]],
  ])('%s is refused, and the iteration is closed', async (_, batch) => {
    let closed = false
    const set = new MySet()
    set.getAll = async function* () {
      try {
        yield batch as unknown[]
      } finally {
        closed = true
      }
    }
    await expect(claimsOf(set).claim(1, 1)).rejects.toMatchObject({ code: 'SET_REPLY_INVALID' })
    expect(closed).toBe(true)
  })

  test('a getAll that gives nothing to iterate is refused', async () => {
    const set = new MySet()
    Object.assign(set, { getAll: async () => [['a']] })
    await expect(claimsOf(set).claim(1, 1)).rejects.toMatchObject({ code: 'SET_REPLY_INVALID' })
  })

  test('a walk that deleting has overtaken is closed, even where closing fails', async () => {
    const set = new MySet()
    const closing = vi.fn(() => {
      throw new Error('too late')
    })
    set.getAll = function* (this: MySet) {
      try {
        yield [...this.set]
      } finally {
        closing()
      }
    } as unknown as MySet['getAll']
    const claims = claimsOf(set)
    await claims.add(['a', 'b', 'c'])
    await claims.claim(1, 1)
    await claims.delete(['b'])
    expect(closing).not.toHaveBeenCalled()
    const walk = claims.claim(1, 1)
    expect((await walk).ids).toEqual(['c'])
    expect(closing).toHaveBeenCalledTimes(1)
  })
})

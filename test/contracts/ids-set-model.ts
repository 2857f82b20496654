import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Claim } from 'pg-capture'
import { allOf, type IdsSetUnderTest } from './ids-set-under-test.ts'

/** A call of one method, through one of the connections; `which` and `share` say which claim it is for, and how much of it. */
export type Operation =
  | { do: 'add' | 'delete'; through: Through; ids: string[] }
  | { do: 'claim'; through: Through; max: number; leaseMs: number }
  | { do: 'acknowledge' | 'release'; through: Through; which: number; share: number }
  | { do: 'renew'; through: Through; which: number; share: number; leaseMs: number }
  | { do: 'pass'; ms: number }

type Through = 'set' | 'other'

const through = fc.constantFrom<Through>('set', 'other')
const ids = fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { minLength: 1, maxLength: 5 })
const claim = { which: fc.nat(20), share: fc.constantFrom(0.5, 1) }
// So long that the time which a slow machine takes for the calls themselves never decides.
const leaseMs = fc.constantFrom(1_000_000, 3_000_000)
const ms = fc.constantFrom(500_000, 1_000_000, 2_600_000)

export const operations: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), through, ids }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), through, ids }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      through,
      max: fc.integer({ min: 1, max: 6 }),
      leaseMs,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('acknowledge' as const), through, ...claim }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), through, ...claim }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('renew' as const), through, ...claim, leaseMs }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms }) },
)

interface Flight {
  readonly token: string
  readonly deadline: number
  /** A plain set holds its ids during the flight; what is deleted from it meanwhile does not come back. */
  readonly deleted: boolean
  readonly addedAgain: boolean
}

/** What a set must do, in a few lines: ids that are pending, and flights. Applies each operation to both and compares. */
export class IdsSetModel {
  readonly #subject: IdsSetUnderTest
  readonly #claimsByItself: boolean
  readonly #pending = new Set<string>()
  readonly #flights = new Map<string, Flight>()
  readonly #claims: Claim[] = []
  #now = 0
  #lastToken = 0n

  constructor(subject: IdsSetUnderTest, claimsByItself: boolean) {
    this.#subject = subject
    this.#claimsByItself = claimsByItself
  }

  async apply(operation: Operation): Promise<void> {
    switch (operation.do) {
      case 'add':
        await this.#subject[operation.through].add(operation.ids)
        for (const id of operation.ids) {
          this.#pending.add(id)
          this.#change(id, { deleted: false, addedAgain: true })
        }
        return
      case 'delete':
        await this.#subject[operation.through].delete(operation.ids)
        for (const id of operation.ids) {
          this.#pending.delete(id)
          this.#change(id, { deleted: !this.#claimsByItself })
        }
        return
      case 'claim':
        return this.#claim(operation)
      case 'pass':
        await this.#subject.pass?.(operation.ms)
        this.#now += operation.ms
        return
      default:
        return this.#applyToClaim(operation)
    }
  }

  /** Compares what is left, then lets every flight end and drains the set. */
  async finish(): Promise<void> {
    const all = await allOf(this.#subject.set)
    if (this.#claimsByItself) assert.deepEqual(all, [...this.#pending].sort())
    else assertHolds(all, this.#pending)

    for (const claim of this.#claims) await this.#subject.set.release(claim)
    for (const id of this.#flights.keys()) this.#release(id)
    const left = await this.#subject.other.claim(100, 1_000_000)
    if (this.#claimsByItself) assert.deepEqual([...left.ids].sort(), [...this.#pending].sort())
    else assertHolds(left.ids, this.#pending)
    await this.#subject.other.acknowledge(left)
    assert.deepEqual(await allOf(this.#subject.set), [])
  }

  async #claim({ through, max, leaseMs }: Extract<Operation, { do: 'claim' }>): Promise<void> {
    for (const [id, { deadline }] of this.#flights) {
      if (this.#subject.pass && deadline <= this.#now) this.#release(id)
    }
    const claimable = [...this.#pending].filter((id) => !this.#flights.has(id))
    const claim = await this.#subject[through].claim(max, leaseMs)

    assert.equal(new Set(claim.ids).size, claim.ids.length)
    assert.deepEqual(
      claim.ids.filter((id) => this.#flights.has(id)),
      [],
    )
    assert.ok(claim.ids.length >= Math.min(max, claimable.length) && claim.ids.length <= max)
    if (this.#claimsByItself) assertHolds(claimable, claim.ids)
    else if (claim.ids.length < max) assertHolds(claim.ids, claimable)

    if (claim.ids.length > 0) {
      assert.ok(BigInt(claim.token) > this.#lastToken)
      this.#lastToken = BigInt(claim.token)
      this.#claims.push(claim)
    }
    for (const id of claim.ids) {
      this.#pending.delete(id)
      const deleted = !claimable.includes(id)
      this.#flights.set(id, { token: claim.token, deadline: this.#now + leaseMs, deleted, addedAgain: false })
    }
  }

  async #applyToClaim(operation: Extract<Operation, { which: number }>): Promise<void> {
    if (this.#claims.length === 0) return
    const { ids, token } = this.#claims[operation.which % this.#claims.length]!
    const part = { ids: ids.slice(0, Math.ceil(ids.length * operation.share)), token }
    const held = part.ids.filter((id) => this.#flights.get(id)?.token === token)
    const set = this.#subject[operation.through]
    switch (operation.do) {
      case 'acknowledge':
        assert.equal(
          await set.acknowledge(part),
          held.some((id) =>
            this.#claimsByItself ? this.#pending.has(id) : this.#flights.get(id)?.addedAgain,
          ),
        )
        for (const id of held) this.#flights.delete(id)
        return
      case 'release':
        await set.release(part)
        for (const id of held) this.#release(id)
        return
      case 'renew':
        assert.equal(
          await set.renew(part, operation.leaseMs),
          !this.#claimsByItself || held.length === part.ids.length,
        )
        for (const id of held) this.#change(id, { deadline: this.#now + operation.leaseMs })
    }
  }

  #release(id: string): void {
    const flight = this.#flights.get(id)
    this.#flights.delete(id)
    if (flight && !flight.deleted) this.#pending.add(id)
  }

  #change(id: string, change: Partial<Flight>): void {
    const flight = this.#flights.get(id)
    if (flight) this.#flights.set(id, { ...flight, ...change })
  }
}

function assertHolds(all: Iterable<string>, some: Iterable<string>): void {
  const present = new Set(all)
  assert.deepEqual(
    [...some].filter((id) => !present.has(id)),
    [],
  )
}

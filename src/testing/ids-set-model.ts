import assert from 'node:assert/strict'
import type { Claim } from '../core/pending/ids-set.ts'
import { assertTook } from './assert-took.ts'
import { countsOf } from './backlog-tests.ts'
import { allOf, failedOf, type Subject } from './ids-set-under-test.ts'
import type { Operation } from './operations.ts'

interface Flight {
  readonly token: string
  readonly deadline: number
  /** A plain set holds its ids during the flight; what is deleted from it meanwhile does not come back. */
  readonly deleted: boolean
  /** A plain set may be read on where it was read before: then an id is claimed once more that it does not hold any longer. */
  readonly gone: boolean
  readonly addedAgain: boolean
}

interface Past {
  readonly attempts: number
  readonly firstAt: number
}

/** What a set must do, in a few lines: ids that are pending, flights, and failures. Applies each operation to both and compares. */
export class IdsSetModel {
  readonly #subject: Subject
  readonly #claimsByItself: boolean
  readonly #pending = new Set<string>()
  readonly #flights = new Map<string, Flight>()
  readonly #failures = new Map<string, Past>()
  /** When they are due: never, where they are parked. */
  readonly #waiting = new Map<string, number>()
  /** Of those that wait, which the set does not hold: nothing becomes pending when they are due. */
  readonly #gone = new Set<string>()
  readonly #claims: Claim[] = []
  #now = 0
  #lastToken = 0n

  constructor(subject: Subject, claimsByItself: boolean) {
    this.#subject = subject
    this.#claimsByItself = claimsByItself
  }

  async apply(operation: Operation): Promise<void> {
    switch (operation.do) {
      case 'add':
        await this.#subject[operation.through].add(operation.ids)
        for (const id of operation.ids) {
          this.#pending.add(id)
          this.#endWait(id)
          this.#change(id, { deleted: false, gone: false, addedAgain: true })
        }
        return
      case 'delete':
        await this.#subject[operation.through].delete(operation.ids)
        for (const id of operation.ids) {
          this.#pending.delete(id)
          this.#endWait(id)
          if (!this.#flights.has(id)) this.#failures.delete(id)
          this.#change(id, { deleted: !this.#claimsByItself })
        }
        return
      case 'claim':
        return this.#claim(operation)
      case 'pass':
        await this.#subject.pass(operation.ms)
        this.#now += operation.ms
        return
      default:
        return this.#applyToClaim(operation)
    }
  }

  /** Compares what is left, then lets every flight end and drains the set. */
  async finish(): Promise<void> {
    await this.#compareWaits()
    await this.#compareBacklog()
    const all = await allOf(this.#subject.set)
    assertHolds(all, this.#pending)
    const due = [...this.#waiting].flatMap(([id, dueAt]) => (dueAt <= this.#now ? [id] : []))
    if (this.#claimsByItself) assertHolds([...this.#pending, ...due], all)

    for (const claim of this.#claims) await this.#subject.set.release(claim)
    for (const id of this.#flights.keys()) this.#release(id)
    this.#returnDue()
    const left = await this.#subject.other.claim(100, 1_000_000)
    if (this.#claimsByItself) assert.deepEqual([...left.ids].sort(), [...this.#pending].sort())
    else assertHolds(left.ids, this.#pending)
    await this.#subject.other.acknowledge(left)
    await this.#subject.set.delete([...this.#waiting.keys()])
    assert.deepEqual(await allOf(this.#subject.set), [])
    assert.deepEqual(await failedOf(this.#subject.other), [])
    assert.deepEqual(await countsOf(this.#subject.set), { pending: 0, inFlight: 0, retrying: 0, parked: 0 })
  }

  async #compareWaits(): Promise<void> {
    const waits = [...this.#waiting].sort(([one], [two]) => (one < two ? -1 : 1))
    const failed = await failedOf(this.#subject.other)
    const due = (id: string): boolean => (this.#waiting.get(id) ?? Infinity) <= this.#now
    const listed = new Set(failed.map(({ id }) => id))
    assert.deepEqual(
      failed.map(({ id, retryInMs }) => ({ id, isParked: retryInMs === null })),
      waits
        .filter(([id]) => listed.has(id) || !due(id))
        .map(([id, dueAt]) => ({ id, isParked: dueAt === Infinity })),
    )
    for (const { id, attempts, failingForMs, retryInMs } of failed) {
      const past = this.#failures.get(id)
      const dueAt = this.#waiting.get(id)
      assert.ok(past !== undefined && dueAt !== undefined)
      assert.equal(attempts, past.attempts)
      assertTook(failingForMs, this.#now - past.firstAt)
      if (retryInMs !== null) assertTook(-retryInMs, this.#now - dueAt)
    }
  }

  async #compareBacklog(): Promise<void> {
    const { pending, inFlight, retrying, parked } = await this.#subject.other.backlog()
    const dues = [...this.#waiting.values()]
    const due = [...this.#waiting].filter(([id, dueAt]) => dueAt <= this.#now && !this.#gone.has(id))
    const expected = this.#pending.size + due.length
    if (this.#claimsByItself) assert.equal(pending, expected)
    else assert.ok(pending >= expected)
    assert.equal(inFlight, this.#flights.size)
    assert.equal(parked, dues.filter((dueAt) => dueAt === Infinity).length)
    assert.equal(retrying, dues.filter((dueAt) => dueAt > this.#now && dueAt < Infinity).length)
  }

  #compareFailures(claim: Claim): void {
    for (const id of claim.ids) {
      const past = this.#failures.get(id)
      const reported = claim.failures?.get(id)
      assert.equal(reported?.attempts, past?.attempts)
      if (past && reported) assertTook(reported.failingForMs, this.#now - past.firstAt)
    }
    const next = Math.min(...this.#waiting.values())
    if (next === Infinity) assert.equal(claim.nextRetryMs, undefined)
    else assertTook(-(claim.nextRetryMs ?? Number.NaN), this.#now - next)
  }

  #returnDue(): void {
    for (const [id, dueAt] of this.#waiting) {
      if (dueAt > this.#now) continue
      if (!this.#gone.has(id)) this.#pending.add(id)
      this.#endWait(id)
    }
  }

  async #claim({ through, max, leaseMs }: Extract<Operation, { do: 'claim' }>): Promise<void> {
    for (const [id, { deadline }] of this.#flights) {
      if (this.#claimsByItself && deadline <= this.#now) this.#release(id)
    }
    this.#returnDue()
    const claimable = [...this.#pending].filter((id) => !this.#flights.has(id))
    const claim = await this.#subject[through].claim(max, leaseMs)

    assert.equal(new Set(claim.ids).size, claim.ids.length)
    assert.deepEqual(
      claim.ids.filter((id) => this.#flights.has(id)),
      [],
    )
    this.#compareFailures(claim)
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
      const gone = !claimable.includes(id)
      this.#flights.set(id, {
        token: claim.token,
        deadline: this.#now + leaseMs,
        deleted: false,
        gone,
        addedAgain: false,
      })
    }
  }

  async #applyToClaim(operation: Extract<Operation, { which: number }>): Promise<void> {
    const claim = this.#claims[operation.which % this.#claims.length]
    if (claim === undefined) return
    const { ids, token } = claim
    const part = { ids: ids.slice(0, Math.ceil(ids.length * operation.share)), token }
    const held = part.ids.filter((id) => this.#flights.get(id)?.token === token)
    const set = this.#subject[operation.through]
    switch (operation.do) {
      case 'acknowledge':
        assert.equal(
          (await set.acknowledge(part)) === true,
          held.some((id) =>
            this.#claimsByItself ? this.#pending.has(id) : this.#flights.get(id)?.addedAgain,
          ),
        )
        for (const id of held) {
          this.#flights.delete(id)
          this.#failures.delete(id)
        }
        return
      case 'release':
        await set.release(part)
        for (const id of held) this.#release(id)
        return
      case 'fail':
        await set.release(part, { error: 'failed', retryInMs: operation.retryInMs })
        for (const id of held) this.#fail(id, operation.retryInMs)
        return
      case 'renew':
        assert.equal(
          await set.renew(part, operation.leaseMs),
          !this.#claimsByItself || held.length === part.ids.length,
        )
        for (const id of held) this.#change(id, { deadline: this.#now + operation.leaseMs })
    }
  }

  #fail(id: string, retryInMs: number | null): void {
    const flight = this.#flights.get(id)
    const past = this.#failures.get(id)
    this.#failures.set(id, {
      attempts: (past?.attempts ?? 0) + 1,
      firstAt: past?.firstAt ?? this.#now,
    })
    const isBack = this.#claimsByItself ? this.#pending.has(id) : flight?.addedAgain || flight?.deleted
    if (isBack || retryInMs === 0) return this.#release(id)
    this.#flights.delete(id)
    if (flight?.gone) this.#gone.add(id)
    this.#waiting.set(id, retryInMs === null ? Infinity : this.#now + retryInMs)
  }

  #release(id: string): void {
    const flight = this.#flights.get(id)
    this.#flights.delete(id)
    if (flight && !flight.deleted && !flight.gone) this.#pending.add(id)
    if (flight?.deleted && !flight.addedAgain) this.#failures.delete(id)
  }

  #endWait(id: string): void {
    this.#waiting.delete(id)
    this.#gone.delete(id)
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

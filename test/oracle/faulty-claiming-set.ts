import type { Backlog, Claim, ClaimingIdsSet, FailedId, Failure } from 'pg-capture'
import type { SetFaults } from './plain-sets.ts'

export interface FaultyClaimingSetOptions {
  /** Whether a call can fail that has taken effect, or that nobody repeats. A set in memory has no way to lose a call. */
  readonly isRemote: boolean
  /** The ids whose leases were ended, by whichever set object over the same store. */
  readonly lapsed: Set<string>
  /** Is told of each of those that somebody claims. */
  readonly onTakeOver: () => void
}

/**
 * A claiming set whose calls can fail, before or after they take effect, and whose leases can be ended at any moment: a renewal
 * for a millisecond does that to every set.
 */
export class FaultyClaimingSet implements ClaimingIdsSet {
  readonly durable: boolean
  readonly #set: ClaimingIdsSet
  readonly #faults: SetFaults
  readonly #options: FaultyClaimingSetOptions
  /** The ids that were claimed here and neither acknowledged nor released, by token. */
  readonly #claimed = new Map<string, Set<string>>()
  /** Claims that their builder does not know of, or has given up in vain. */
  readonly #lost = new Set<string>()

  constructor(set: ClaimingIdsSet, faults: SetFaults, options: FaultyClaimingSetOptions) {
    this.#set = set
    this.#faults = faults
    this.#options = options
    this.durable = set.durable === true
  }

  /** Ends the leases of all claims made here, and resolves to whether there were any. */
  async lapse(): Promise<boolean> {
    return this.#end([...this.#claimed.keys()])
  }

  /** Ends those of claims that nobody will end: of all, where their builder is gone. */
  async lapseLost({ all }: { all: boolean }): Promise<boolean> {
    return all ? this.lapse() : this.#end([...this.#lost])
  }

  async add(ids: string[]): Promise<void> {
    await this.#call(async () => this.#set.add(ids))
  }

  async delete(ids: string[]): Promise<void> {
    await this.#call(async () => this.#set.delete(ids))
  }

  getAll(): Iterable<unknown[]> | AsyncIterable<unknown[]> {
    return this.#set.getAll()
  }

  inFlight(): Iterable<string[]> | AsyncIterable<string[]> {
    return this.#set.inFlight()
  }

  async claim(max: number, leaseMs: number): Promise<Claim> {
    await this.#faults.pass('before set')
    const claim = await this.#set.claim(max, leaseMs)
    this.#note(claim)
    if (!this.#options.isRemote) return claim
    try {
      await this.#faults.pass('after set')
      return claim
    } catch (error) {
      this.#lost.add(claim.token)
      throw error
    }
  }

  async acknowledge(claim: Claim): Promise<boolean> {
    return this.#call(async () => {
      const cameBack = await this.#set.acknowledge(claim)
      this.#forget(claim)
      return cameBack === true
    })
  }

  failed(): Iterable<FailedId[]> | AsyncIterable<FailedId[]> {
    return this.#set.failed()
  }

  backlog(): Promise<Backlog> {
    return this.#set.backlog()
  }

  async release(claim: Claim, failure?: Failure): Promise<void> {
    const release = async (): Promise<void> => {
      await this.#set.release(claim, failure)
      this.#forget(claim)
    }
    try {
      await this.#callRemote(release)
    } catch (error) {
      if (this.#claimed.has(claim.token)) this.#lost.add(claim.token)
      throw error
    }
  }

  async renew(claim: Claim, leaseMs: number): Promise<boolean> {
    // Whose lease was ended stands for one that is paused: it learns of it once somebody else has its ids.
    if (claim.ids.some((id) => this.#options.lapsed.has(id))) return true
    return this.#callRemote(() => this.#set.renew(claim, leaseMs))
  }

  async #call<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.#faults.pass('before set')
    const result = await work()
    await this.#faults.pass('after set')
    return result
  }

  #callRemote<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#options.isRemote) return this.#call(work)
    this.#faults.alive()
    return work()
  }

  #note({ ids, token }: Claim): void {
    if (ids.length === 0) return
    for (const id of ids) if (this.#options.lapsed.delete(id)) this.#options.onTakeOver()
    this.#claimed.set(token, new Set(ids))
  }

  #forget({ ids, token }: Claim): void {
    const claimed = this.#claimed.get(token)
    for (const id of ids) {
      if (claimed?.delete(id) === true) this.#options.lapsed.delete(id)
    }
    if (claimed?.size !== 0) return
    this.#claimed.delete(token)
    this.#lost.delete(token)
  }

  async #end(tokens: readonly string[]): Promise<boolean> {
    for (const token of tokens) {
      const ids = [...(this.#claimed.get(token) ?? [])]
      for (const id of ids) this.#options.lapsed.add(id)
      await this.#set.renew({ ids, token }, 1)
    }
    return tokens.length > 0
  }
}

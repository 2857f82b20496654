import type { Claim, ClaimingIdsSet, Failure, IdsSet } from 'pg-capture'

/** The set of the process page, as its readers copy it. */
export class MySet implements IdsSet {
  readonly #set = new Set<unknown>()

  async add(ids: unknown[]): Promise<void> {
    ids.forEach((id) => this.#set.add(id))
  }

  async delete(ids: unknown[]): Promise<void> {
    ids.forEach((id) => this.#set.delete(id))
  }

  async *getAll(): AsyncGenerator<unknown[], void, undefined> {
    yield [...this.#set]
  }
}

export interface SetFaults {
  /** Throws where the call is to fail. */
  pass(): Promise<void>
  /** Throws where the process has ended. */
  alive(): void
}

/** A set with three methods whose calls can fail, before or after they take effect. */
export function faultyPlainSet(set: IdsSet, { pass }: SetFaults): IdsSet {
  return {
    async add(ids) {
      await pass()
      await set.add(ids)
      await pass()
    },
    async delete(ids) {
      await pass()
      await set.delete(ids)
      await pass()
    },
    async *getAll() {
      await pass()
      yield* set.getAll()
    },
  }
}

/**
 * A claiming set whose calls can fail. A release fails only with its process, and a claim never after it took effect: such
 * ids come back when their lease ends, which a case can't always wait for.
 */
export function faultyClaimingSet(set: ClaimingIdsSet, { pass, alive }: SetFaults): ClaimingIdsSet {
  return {
    durable: set.durable === true,
    async add(ids) {
      await pass()
      await set.add(ids)
      await pass()
    },
    async delete(ids) {
      await set.delete(ids)
    },
    getAll: () => set.getAll(),
    async claim(max: number, leaseMs: number): Promise<Claim> {
      await pass()
      return set.claim(max, leaseMs)
    },
    async acknowledge(claim: Claim): Promise<boolean> {
      await pass()
      const cameBack = await set.acknowledge(claim)
      await pass()
      return cameBack === true
    },
    inFlight: () => set.inFlight(),
    failed: () => set.failed(),
    backlog: () => set.backlog(),
    async release(claim: Claim, failure?: Failure): Promise<void> {
      alive()
      await set.release(claim, failure)
    },
    async renew(claim: Claim, leaseMs: number): Promise<boolean> {
      alive()
      return set.renew(claim, leaseMs)
    },
  }
}

import { InMemorySet, type ClaimingIdsSet, type IdsSet } from 'pg-capture'
import type { Coverage } from './coverage.ts'
import { FaultyClaimingSet } from './faulty-claiming-set.ts'
import type { OracleServer } from './oracle-server.ts'
import { faultyPlainSet, MySet, type SetFaults } from './plain-sets.ts'
import type { Setup } from './script.ts'

/** Whether the process that a set object is in has ended. */
export interface Life {
  readonly hasEnded: boolean
}

/** The set objects of a case, over one store where there is one, and the leases of all that was claimed through them. */
export class CaseSets {
  readonly #server: OracleServer
  readonly #setup: Setup
  readonly #coverage: Coverage
  readonly #name: string
  readonly #claiming: { readonly set: FaultyClaimingSet; readonly life: Life }[] = []
  readonly #lapsed = new Set<string>()
  #plain: MySet | undefined

  constructor(server: OracleServer, setup: Setup, coverage: Coverage) {
    this.#server = server
    this.#setup = setup
    this.#coverage = coverage
    this.#name = server.newSetName()
  }

  /** A set object of a process, which in a store finds what others have put there. */
  open(faults: SetFaults, life: Life): IdsSet {
    const { set: kind, batchSize } = this.#setup
    if (kind === 'plain') {
      this.#plain = new MySet()
      return faultyPlainSet(this.#plain, faults)
    }
    const inner = kind === 'memory' ? new InMemorySet({ batchSize }) : this.#inStore(kind)
    const set = new FaultyClaimingSet(inner, faults, {
      isRemote: kind !== 'memory',
      lapsed: this.#lapsed,
      onTakeOver: () => this.#coverage.count('id taken over after its lease'),
    })
    this.#claiming.push({ set, life })
    return set
  }

  /** All leases end. */
  async lapse(): Promise<void> {
    const ended = await Promise.all(this.#claiming.map(({ set }) => set.lapse()))
    if (ended.includes(true)) this.#coverage.count('leases lapsed')
  }

  /** The leases end that nobody renews any more. Resolves to whether there were any. */
  async lapseLost(): Promise<boolean> {
    const ended = this.#claiming.map(({ set, life }) => set.lapseLost({ all: life.hasEnded }))
    return (await Promise.all(ended)).includes(true)
  }

  /** Ids that may wait after a failure. A plain set keeps them as it does all others. */
  async waiting(): Promise<string[]> {
    const ids: string[] = []
    if (this.#plain !== undefined)
      for await (const batch of this.#plain.getAll()) ids.push(...batch.map(String))
    const { set } = this.#claiming.at(-1) ?? {}
    if (set === undefined) return ids
    for await (const batch of set.failed()) {
      ids.push(...batch.filter(({ retryInMs }) => retryInMs !== null).map(({ id }) => id))
    }
    return ids
  }

  /** What is in the store, pending or in flight; undefined where there is none. */
  async stored(): Promise<Set<string> | undefined> {
    const { set: kind } = this.#setup
    if (kind === 'memory' || kind === 'plain') return undefined
    const set = this.#inStore(kind)
    const ids = new Set<string>()
    const pending = (): ReturnType<ClaimingIdsSet['getAll']> => set.getAll()
    const inFlight = (): ReturnType<ClaimingIdsSet['inFlight']> => set.inFlight()
    const failed = (): ReturnType<ClaimingIdsSet['failed']> => set.failed()
    // Between two looks an id may be claimed, released, or fail. It can't keep out of sight of looks that keep no time with its builds.
    const looks = [
      failed,
      pending,
      inFlight,
      failed,
      inFlight,
      pending,
      pending,
      failed,
      failed,
      inFlight,
      inFlight,
      pending,
    ]
    for (const look of looks) {
      for await (const batch of look()) for (const one of batch) ids.add(idOf(one))
    }
    return ids
  }

  #inStore(kind: Exclude<Setup['set'], 'memory' | 'plain'>): ClaimingIdsSet {
    return this.#server.setInStore(kind, this.#name, this.#setup.batchSize)
  }
}

function idOf(one: unknown): string {
  return typeof one === 'object' && one !== null && 'id' in one ? String(one.id) : String(one)
}

import type { Backlog, ClaimingIdsSet, FailedId } from 'pg-capture'

/** For a handler: adds each id to one of several sets, always to the same one. Builders take from one of these each. */
export class PartedSet implements ClaimingIdsSet {
  readonly durable: boolean
  readonly claim: () => never = refuse
  readonly acknowledge: () => never = refuse
  readonly release: () => never = refuse
  readonly renew: () => never = refuse
  readonly #parts: readonly ClaimingIdsSet[]

  constructor(parts: readonly ClaimingIdsSet[]) {
    this.#parts = parts
    this.durable = parts.every((part) => part.durable)
  }

  async add(ids: string[]): Promise<void> {
    await this.#each(ids, (part, own) => part.add(own))
  }

  async delete(ids: string[]): Promise<void> {
    await this.#each(ids, (part, own) => part.delete(own))
  }

  async *getAll(): AsyncGenerator<unknown[]> {
    for (const part of this.#parts) yield* part.getAll()
  }

  /** Asked when the root table is truncated: what any builder has in its hands is built again. */
  async *inFlight(): AsyncGenerator<string[]> {
    for (const part of this.#parts) yield* part.inFlight()
  }

  async *failed(): AsyncGenerator<FailedId[]> {
    for (const part of this.#parts) yield* part.failed()
  }

  async backlog(): Promise<Backlog> {
    const backlogs = await Promise.all(this.#parts.map((part) => part.backlog()))
    const sum = (of: 'pending' | 'inFlight' | 'retrying' | 'parked'): number =>
      backlogs.reduce((total, backlog) => total + backlog[of], 0)
    const ages = backlogs.flatMap(({ oldestPendingMs: age }) => (age === undefined ? [] : [age]))
    return {
      pending: sum('pending'),
      inFlight: sum('inFlight'),
      retrying: sum('retrying'),
      parked: sum('parked'),
      oldestPendingMs: ages.length === 0 ? undefined : Math.max(...ages),
    }
  }

  async #each(ids: string[], work: (part: ClaimingIdsSet, own: string[]) => unknown): Promise<void> {
    const own = this.#parts.map((): string[] => [])
    for (const id of ids) own[numberOf(id) % own.length]!.push(id)
    await Promise.all(this.#parts.map((part, index) => own[index]!.length > 0 && work(part, own[index]!)))
  }
}

function refuse(): never {
  throw new Error('A PartedSet is for handlers. Let a builder take from one of its parts.')
}

/** FNV-1a, so that every process comes to the same number. */
function numberOf(id: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(id)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

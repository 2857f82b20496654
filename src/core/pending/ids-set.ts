/**
 * Holds the root ids that wait to be rebuilt: the three methods that a set of your own needs.
 *
 * Contract:
 * - ids are strings, in the text form that Postgres prints; a set that gives back other types is tolerated.
 * - `add` of nothing and `delete` of nothing are never called by pg-capture.
 * - `getAll` yields batches; each id that was there at the call at least once; ids added meanwhile may or may not appear;
 *   empty batches are fine.
 * - `delete` removes the ids given, and nothing else.
 *
 * With these three methods one process is safe, crash included. Several processes on one set need a {@link ClaimingIdsSet}:
 * no protocol over add, delete and getAll can tell an id that came back from one that is being built.
 *
 * @example
 * ```ts
 * class MySet implements IdsSet {
 *   private set = new Set<unknown>()
 *   async add(ids: unknown[]) { ids.forEach((id) => this.set.add(id)) }
 *   async delete(ids: unknown[]) { ids.forEach((id) => this.set.delete(id)) }
 *   async *getAll() { yield [...this.set] }
 * }
 * ```
 */
export interface IdsSet {
  add(ids: string[]): unknown
  delete(ids: string[]): unknown
  getAll(): Iterable<unknown[]> | AsyncIterable<unknown[]>
  /**
   * True where the set outlives the process, so that a WAL position may be acknowledged once its ids are in the set.
   * Otherwise a position is acknowledged when the objects have been emitted.
   */
  readonly durable?: boolean
}

/** Ids that one builder holds, until it acknowledges or releases them or its lease ends. */
export interface Claim {
  readonly ids: readonly string[]
  /** Fencing token, a whole number in decimal: a later claim has a greater one. Compare it as a number, not as a text. */
  readonly token: string
}

/**
 * An {@link IdsSet} from which ids can be claimed. It is what makes several processes on one set safe: a work queue with
 * pending and in-flight ids, as client-go's workqueue with its dirty and processing sets, plus leases and fencing tokens.
 *
 * Contract:
 * - `claim` moves up to `max` pending ids to in flight, atomically, for `leaseMs` milliseconds; never an id that is in
 *   flight. It first returns to pending what other claims let expire. Fewer than `max` ids means that none is left to claim.
 * - `add` of an id in flight makes it pending **again**: it can be claimed once the flight is over.
 * - `acknowledge` ends the flight of the claim's ids, and only of those that the claim still holds. It resolves to `true`
 *   where some of them were added again meanwhile. Whoever was told of that add may have claimed in vain during the
 *   flight: so claim once more, or the id waits for the next event.
 * - `release` ends it too and returns the ids to pending, where the next claim can find them at once.
 * - `renew` gives the ids that the claim still holds a new lease and resolves to `false` if it lost any of them.
 * - A lease that has ended counts until the next `claim`, of anyone, finds it: till then the ids are held.
 * - These three also take a part of the ids of a claim, as `{ ...claim, ids }`.
 * - `delete` takes ids out of what is pending. Their flight goes on.
 * - `inFlight` yields, at least once each, the ids that are in flight from the call to its end.
 *
 * A set with these methods is recognised by them: nothing needs to be declared.
 */
export interface ClaimingIdsSet extends IdsSet {
  claim(max: number, leaseMs: number): Promise<Claim>
  acknowledge(claim: Claim): Promise<boolean | void>
  release(claim: Claim): Promise<void>
  renew(claim: Claim, leaseMs: number): Promise<boolean>
  inFlight(): Iterable<string[]> | AsyncIterable<string[]>
}

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
  /** Of those ids that failed and were not acknowledged since. An id that never failed is absent; may be absent as a whole. */
  readonly failures?: ReadonlyMap<string, PastFailures> | undefined
  /** Milliseconds until the next id that waits after a failure can be claimed. Absent where none waits; parked ones don't count. */
  readonly nextRetryMs?: number | undefined
}

/** What a set knows of an id that could not be built. */
export interface PastFailures {
  readonly attempts: number
  /** Milliseconds since the first of them. */
  readonly failingForMs: number
}

/** Why the ids of a claim are released, and when they may be tried again. */
export interface Failure {
  /** What to show a person. It holds no row value. A set may keep the beginning only: the first 1,000 characters, at least. */
  readonly error: string
  /** Milliseconds in which the ids can't be claimed; `0`: at once; `null`: they are parked, until they are added again. */
  readonly retryInMs: number | null
}

/** An id that waits for its next attempt, or is parked. */
export interface FailedId extends PastFailures {
  readonly id: string
  /** Of the last attempt. */
  readonly error: string
  /** Milliseconds until it can be claimed; zero or less: it is due; `null`: it is parked. */
  readonly retryInMs: number | null
}

/** How much is in a set, and where. */
export interface Backlog {
  /** Can be claimed now, or after the current flight where they were added again. */
  readonly pending: number
  /** Held by a claim, those that were added again included. */
  readonly inFlight: number
  /** Wait for their next attempt after a failure. */
  readonly retrying: number
  /** Wait until they are added again. */
  readonly parked: number
  /**
   * Milliseconds for which the oldest pending id has been pending: since it was added, or came back from a flight or a wait.
   * Exact, or an upper bound: each set says which. Absent where nothing is pending or it is not known.
   */
  readonly oldestPendingMs?: number | undefined
}

/**
 * An {@link IdsSet} from which ids can be claimed. It is what makes several processes on one set safe: a work queue with
 * pending and in-flight ids, as client-go's workqueue with its dirty and processing sets, plus leases and fencing tokens.
 * It also remembers failures, so that all builders know which ids are bad, and a restart forgets nothing.
 *
 * Contract:
 * - `claim` moves up to `max` pending ids to in flight, atomically, for `leaseMs` milliseconds; never an id that is in
 *   flight. It first returns to pending what other claims let expire, and what waited after a failure and is due. Fewer than
 *   `max` ids means that none is left to claim. The claim says which of its ids failed before.
 * - `add` of an id in flight makes it pending **again**: it can be claimed once the flight is over. `add` of an id that waits or
 *   is parked makes it pending at once; its failures stay known.
 * - `acknowledge` ends the flight of the claim's ids, and only of those that the claim still holds, and forgets their
 *   failures. It resolves to `true` where some of them were added again meanwhile. Whoever was told of that add may have
 *   claimed in vain during the flight: so claim once more, or the id waits for the next event.
 * - `release` without a failure ends it too and returns the ids to pending, where the next claim can find them at once. Nothing
 *   is counted.
 * - `release` with a failure counts an attempt for each id that the claim still holds, notes the error, and keeps the time
 *   of the first. The ids can be claimed after `retryInMs`, or when they are added again; those that were added again during
 *   the flight at once.
 * - `renew` gives the ids that the claim still holds a new lease and resolves to `false` if it lost any of them.
 * - A lease that has ended counts until the next `claim`, of anyone, finds it: till then the ids are held. It is no attempt:
 *   nothing is counted.
 * - These three also take a part of the ids of a claim, as `{ ...claim, ids }`.
 * - `delete` takes ids out of what is pending, waits or is parked, and forgets their failures. What is in flight stays so, and
 *   its failures stay known.
 * - `getAll` yields what is pending, and not what waits or is parked. What is due may be yielded or not.
 * - `inFlight` yields, at least once each, the ids that are in flight from the call to its end.
 * - `failed` yields, at least once each, the ids that wait or are parked from the call to its end.
 * - `backlog` counts. What is due counts as pending.
 *
 * A set with these methods is recognised by them: nothing needs to be declared.
 */
export interface ClaimingIdsSet extends IdsSet {
  claim(max: number, leaseMs: number): Promise<Claim>
  acknowledge(claim: Claim): Promise<boolean | void>
  release(claim: Claim, failure?: Failure): Promise<void>
  renew(claim: Claim, leaseMs: number): Promise<boolean>
  inFlight(): Iterable<string[]> | AsyncIterable<string[]>
  failed(): Iterable<FailedId[]> | AsyncIterable<FailedId[]>
  backlog(): Promise<Backlog>
}

import type { ClaimingIdsSet } from 'pg-capture'

export interface StressOptions {
  /** The same set, through one of several connections. */
  setOf(worker: number): ClaimingIdsSet
  readonly leaseMs: number
  /** How many different ids there are. */
  readonly ids: number
  readonly bursts: number
}

export interface StressReport {
  readonly crashes: number
  readonly sleepers: number
  readonly failures: number
  /** How often an id was claimed while somebody held it. */
  readonly heldTwice: number
  /** How often an id was claimed with a token that is not greater than one of before. */
  readonly olderTokens: number
  /** How many claims held ids of which it was known that they had failed. */
  readonly retries: number
  /** Ids whose last version did not reach the replica. */
  readonly lost: readonly string[]
}

const adders = 6
const claimers = 8

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const random = (below: number): number => Math.floor(Math.random() * below)

/**
 * Adders raise the version of a row and then add its id, as an event handler does. Claimers read the versions of what they
 * hold, and write them to a replica when they are done; some of them die in between, some sleep past their lease, some fail. When
 * all is quiet, the replica must have the last version of each row: an add that was merged into a flight, or lost with a failure,
 * would leave an old one. Steps that wait for each other would end in an error.
 */
export async function addersAndClaimers({
  setOf,
  leaseMs,
  ids,
  bursts,
}: StressOptions): Promise<StressReport> {
  const rows = new Map<string, number>()
  const replica = new Map<string, number>()
  const holders = new Map<string, { until: number }>()
  const lastToken = new Map<string, bigint>()
  const seen = { crashes: 0, sleepers: 0, failures: 0, heldTwice: 0, olderTokens: 0, retries: 0 }
  let claims = 0
  let adding = true

  /** Refuses older versions, without which those who slept would bring back what is past. */
  function write(built: readonly (readonly [string, number])[]): void {
    for (const [id, version] of built) replica.set(id, Math.max(version, replica.get(id) ?? 0))
  }

  async function add(set: ClaimingIdsSet): Promise<void> {
    for (let burst = 0; burst < bursts; burst++) {
      const changed = Array.from({ length: 1 + random(20) }, () => String(random(ids)))
      for (const id of changed) rows.set(id, (rows.get(id) ?? 0) + 1)
      await set.add(changed)
      await pause(random(4))
    }
  }

  async function build(set: ClaimingIdsSet): Promise<void> {
    for (let empty = 0; adding || empty < 3;) {
      const before = performance.now()
      const claim = await set.claim(1 + random(25), leaseMs)
      if (claim.ids.length === 0) {
        empty = claim.nextRetryMs === undefined ? empty + 1 : 0
        await pause(leaseMs / 2)
        continue
      }
      empty = 0
      claims += 1
      if ((claim.failures?.size ?? 0) > 0) seen.retries += 1
      // The lease began after `before`. Whoever hears of its claim later than that holds nothing any more.
      const until = before + leaseMs
      const isHeld = performance.now() < until
      for (const id of isHeld ? claim.ids : []) {
        if ((holders.get(id)?.until ?? 0) > performance.now()) seen.heldTwice += 1
        if ((lastToken.get(id) ?? 0n) >= BigInt(claim.token)) seen.olderTokens += 1
        lastToken.set(id, BigInt(claim.token))
        holders.set(id, { until })
      }
      const built = claim.ids.map((id) => [id, rows.get(id) ?? 0] as const)
      // Every twentieth claimer dies, every twentieth sleeps.
      const fate = claims % 20
      if (fate === 0) {
        seen.crashes += 1
        continue
      }
      if (fate === 1) {
        seen.sleepers += 1
        await pause(leaseMs * 1.5)
        write(built)
        await set.acknowledge(claim)
        continue
      }
      if (fate < 5) await pause(random(10))
      if (!(await set.renew(claim, leaseMs))) continue
      if (fate < 10) {
        seen.failures += 1
        for (const id of claim.ids) holders.delete(id)
        await set.release(claim, { error: 'failed', retryInMs: random(3) * 20 })
        continue
      }
      write(built)
      // Before the acknowledgement: from then on another may hold it.
      for (const id of claim.ids) holders.delete(id)
      if (fate < 12) await set.release(claim)
      else await set.acknowledge(claim)
    }
  }

  const building = Array.from({ length: claimers }, (_, at) => build(setOf(at)))
  await Promise.all(Array.from({ length: adders }, (_, at) => add(setOf(at))))
  adding = false
  await Promise.all(building)
  return { ...seen, lost: [...rows].flatMap(([id, version]) => (replica.get(id) === version ? [] : [id])) }
}

import { CaptureError } from '../core/errors/capture-error.ts'
import { checkedFailure } from '../core/pending/checked-failure.ts'
import { idText } from '../core/pending/id-text.ts'
import type {
  Backlog,
  Claim,
  ClaimingIdsSet,
  FailedId,
  Failure,
  PastFailures,
} from '../core/pending/ids-set.ts'
import { positiveInteger } from '../core/pending/positive-integer.ts'
import { pieces } from './pieces.ts'
import { type RedisClient, type RunScript, scriptRunner } from './redis-client.ts'
import { redisFailure } from './redis-failure.ts'
import { redisKeys } from './redis-keys.ts'
import { RedisMemoryPolicy } from './redis-memory-policy.ts'
import { backlogOf, claimPart, count, failedPage, scanPage } from './redis-replies.ts'
import {
  acknowledgeScript,
  addScript,
  backlogScript,
  claimScript,
  deleteScript,
  failedScript,
  failScript,
  releaseScript,
  renewScript,
  replaceTokenScript,
  scanScript,
} from './redis-scripts.ts'

export interface RedisSetOptions {
  /** A client of ioredis 5 or 6, iovalkey, or node-redis 4, 5 or 6; a cluster of them too. Connecting is its owner's job. */
  client: RedisClient
  /** The key of the SET that holds the pending ids. Every process on one set names the same. */
  key: string
  /** How many ids `getAll` yields at a time, about: 1,000 by default. */
  batchSize?: number | undefined
}

const scripts = {
  add: addScript,
  delete: deleteScript,
  getAll: scanScript,
  claim: claimScript,
  replaceToken: replaceTokenScript,
  acknowledge: acknowledgeScript,
  release: releaseScript,
  fail: failScript,
  renew: renewScript,
  failed: failedScript,
  backlog: backlogScript,
}

/** How many ids one script handles: some milliseconds of the server, and well under the 8,000 values that Lua can unpack. */
const pieceSize = 1000

/**
 * Keeps pending ids in Redis, for any number of processes that name the same key.
 *
 * The key is a plain SET of ids, to which others may SADD; flights are kept in keys beside it. Leases run on the clock of
 * the server. Every step is one script, and a call with many ids is several steps. An error of Redis gives a `CaptureError`
 * with the code `SET_COMMAND_FAILED`: whatever was done before it stands, and the call can be repeated. Where Redis may evict
 * keys when it is full, `add` and `claim` give `SET_EVICTS`.
 *
 * @example
 * ```ts
 * const idsSet = new RedisSet({ client: new Redis(), key: 'my-redis-key' })
 * ```
 */
export class RedisSet implements ClaimingIdsSet {
  readonly durable = true
  readonly #run: RunScript
  readonly #keys: readonly [string, ...string[]]
  readonly #memoryPolicy: RedisMemoryPolicy
  readonly #batchSize: number

  constructor({ client, key, batchSize = 1000 }: RedisSetOptions) {
    this.#run = scriptRunner(client)
    this.#keys = redisKeys(key)
    this.#memoryPolicy = new RedisMemoryPolicy(this.#run, this.#keys)
    this.#batchSize = positiveInteger(batchSize, 'batchSize')
  }

  async add(ids: readonly unknown[]): Promise<void> {
    for (const piece of pieces(ids.map(idText), pieceSize)) count(await this.#step('add', piece))
  }

  /** Takes ids out of what is pending. A flight goes on; what it releases, or lets expire, is pending again. */
  async delete(ids: readonly unknown[]): Promise<void> {
    for (const piece of pieces(ids.map(idText), pieceSize)) count(await this.#step('delete', piece))
  }

  /**
   * Yields what is pending, and not what is only in flight. Beside running claims it is a picture, not a census: an id that
   * moves meanwhile may come twice or be missed.
   */
  async *getAll(): AsyncGenerator<string[], void, undefined> {
    yield* this.#scan('again')
    yield* this.#scan('pending')
  }

  inFlight(): AsyncGenerator<string[], void, undefined> {
    return this.#scan('flights')
  }

  async claim(max: number, leaseMs: number): Promise<Claim> {
    positiveInteger(max, 'max')
    positiveInteger(leaseMs, 'leaseMs')
    const ids = new Map<string, string>()
    const failures = new Map<string, PastFailures>()
    let token = ''
    let nextRetryMs: number | undefined
    try {
      for (let more = true; more && ids.size < max;) {
        const limit = Math.min(max - ids.size, pieceSize)
        const args = [limit, leaseMs, token, pieceSize].map(String)
        const part = claimPart(await this.#step('claim', args))
        ;({ token, more, nextRetryMs } = part)
        for (const id of part.ids) ids.set(id, token)
        for (const [id, past] of part.failures) failures.set(id, past)
      }
      await this.#replaceTokens(ids, token)
    } catch (error) {
      // Else they would wait for the end of the lease. Where this fails as well, they do.
      for (const claim of byToken(ids)) await this.release(claim).catch(() => undefined)
      throw error
    }
    return { ids: [...ids.keys()], token, failures, nextRetryMs }
  }

  /** Where others claimed between the steps of a claim, its steps have different tokens: it gets the last of them. */
  async #replaceTokens(ids: Map<string, string>, token: string): Promise<void> {
    for (const claim of byToken(ids)) {
      if (claim.token === token) continue
      for (const piece of pieces(claim.ids, pieceSize)) {
        count(await this.#step('replaceToken', [claim.token, token, ...piece]))
        for (const id of piece) ids.set(id, token)
      }
    }
  }

  async acknowledge({ ids, token }: Claim): Promise<boolean> {
    let again = 0
    for (const piece of pieces(ids, pieceSize))
      again += count(await this.#step('acknowledge', [token, ...piece]))
    return again > 0
  }

  async release({ ids, token }: Claim, failure?: Failure): Promise<void> {
    if (failure === undefined) {
      for (const piece of pieces(ids, pieceSize)) count(await this.#step('release', [token, ...piece]))
      return
    }
    const { error, retryInMs } = checkedFailure(failure)
    const wait = retryInMs === null ? '' : String(retryInMs)
    for (const piece of pieces(ids, pieceSize))
      count(await this.#step('fail', [token, wait, error, ...piece]))
  }

  async renew({ ids, token }: Claim, leaseMs: number): Promise<boolean> {
    positiveInteger(leaseMs, 'leaseMs')
    let heldAll = true
    for (const piece of pieces(ids, pieceSize)) {
      const held = count(await this.#step('renew', [token, String(leaseMs), ...piece]))
      if (held < piece.length) heldAll = false
    }
    return heldAll
  }

  async *failed(): AsyncGenerator<FailedId[], void, undefined> {
    let cursor = '0'
    do {
      const page = failedPage(
        await this.#step('failed', [cursor, String(Math.min(this.#batchSize, pieceSize))]),
      )
      if (page.ids.length > 0) yield page.ids
      cursor = page.cursor
    } while (cursor !== '0')
  }

  /** The age is an upper bound: since when, without a break, something was pending. It is not known of what others added by SADD. */
  async backlog(): Promise<Backlog> {
    return backlogOf(await this.#step('backlog', [String(pieceSize)]))
  }

  async *#scan(part: 'again' | 'pending' | 'flights'): AsyncGenerator<string[], void, undefined> {
    let batch = new Set<string>()
    let cursor = '0'
    do {
      const page = scanPage(await this.#step('getAll', [part, cursor, String(this.#batchSize)]))
      for (const id of page.ids) {
        batch.add(id)
        if (batch.size < this.#batchSize) continue
        yield [...batch]
        batch = new Set()
      }
      cursor = page.cursor
    } while (cursor !== '0')
    if (batch.size > 0) yield [...batch]
  }

  async #step(name: keyof typeof scripts, args: readonly string[]): Promise<unknown> {
    try {
      // What a full Redis would throw away is not put into it, and not taken for the whole. Flights may still end.
      if (name === 'add' || name === 'claim') await this.#memoryPolicy.refuseEviction()
      return await this.#run(scripts[name], this.#keys, args)
    } catch (error) {
      if (error instanceof CaptureError) throw error
      throw redisFailure(name, this.#keys[0], error)
    }
  }
}

function byToken(tokenOf: ReadonlyMap<string, string>): Claim[] {
  const claims = new Map<string, string[]>()
  for (const [id, token] of tokenOf) {
    const ids = claims.get(token) ?? []
    ids.push(id)
    claims.set(token, ids)
  }
  return [...claims].map(([token, ids]) => ({ ids, token }))
}

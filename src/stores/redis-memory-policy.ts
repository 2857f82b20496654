import { CaptureError } from '../core/errors/capture-error.ts'
import type { RunScript } from './redis-client.ts'
import { redisMemoryPolicyScript } from './redis-scripts.ts'

const recheckMs = 60_000

/** What a full Redis does, looked up before the first use and once a minute from then on. */
export class RedisMemoryPolicy {
  readonly #run: RunScript
  readonly #keys: readonly string[]
  readonly #now: () => number
  #policy: Promise<unknown> | undefined
  #readAt = 0

  constructor(run: RunScript, keys: readonly string[], now: () => number = (): number => performance.now()) {
    this.#run = run
    this.#keys = keys
    this.#now = now
  }

  /**
   * Throws `SET_EVICTS` where keys without a time to live may be evicted. A Redis that does not tell is let be. Errors of the
   * client come through, and after any error it is looked up again.
   */
  async refuseEviction(): Promise<void> {
    const now = this.#now()
    if (this.#policy === undefined || now - this.#readAt >= recheckMs) {
      this.#readAt = now
      this.#policy = this.#run(redisMemoryPolicyScript, this.#keys, [])
    }
    const asked = this.#policy
    const policy = await asked.catch((error: unknown) => {
      this.#forget(asked)
      throw error
    })
    if (typeof policy !== 'string' || !policy.startsWith('allkeys')) return
    this.#forget(asked)
    throw new CaptureError(
      'SET_EVICTS',
      `Redis has the maxmemory-policy "${policy}": once it is full it throws away whole keys, and the ids of the set ` +
        `"${this.#keys[0]}" with them, whose changes would never be emitted. Run: CONFIG SET maxmemory-policy noeviction`,
    )
  }

  #forget(asked: Promise<unknown>): void {
    if (this.#policy === asked) this.#policy = undefined
  }
}

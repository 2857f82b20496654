import { CaptureError } from '../errors/capture-error.ts'
import type { ClaimingIdsSet, IdsSet } from './ids-set.ts'
import { PlainSetClaims } from './plain-set-claims.ts'

const plainMethods = ['add', 'delete', 'getAll'] as const
const claimingMethods = ['claim', 'acknowledge', 'release', 'renew', 'inFlight', 'failed', 'backlog'] as const

/** One for each set object: two aggregators over one set must know of each other's flights. */
const claimsOfPlainSets = new WeakMap<IdsSet, ClaimingIdsSet>()

/**
 * Gives the claims of any set: the set itself where it can claim, else claims over its three methods that hold within
 * this process. The same set always gives the same claims.
 *
 * A set that lacks one of the three methods, or has `claim` without the methods that go with it, gives `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * const claims = claimsOf(new MySet())
 * await claims.add(['1'])
 * const claim = await claims.claim(1000, 30_000)
 * await claims.acknowledge(claim) // calls delete(['1']), unless '1' was added again meanwhile
 * ```
 */
export function claimsOf(set: IdsSet): ClaimingIdsSet {
  refuseLacking(set, plainMethods)
  if (isClaiming(set)) return set
  let claims = claimsOfPlainSets.get(set)
  if (!claims) {
    claims = new PlainSetClaims(set)
    claimsOfPlainSets.set(set, claims)
  }
  return claims
}

function isClaiming(set: IdsSet): set is ClaimingIdsSet {
  if (!hasMethod(set, 'claim')) return false
  refuseLacking(set, claimingMethods)
  return true
}

function refuseLacking(set: IdsSet, methods: readonly string[]): void {
  const lacking = methods.filter((method) => !hasMethod(set, method))
  if (lacking.length === 0) return
  throw new CaptureError(
    'OPTION_INVALID',
    `The ids set lacks: ${lacking.join(', ')}. It needs ${methods.join(', ')}.`,
  )
}

function hasMethod(set: IdsSet, method: string): boolean {
  return typeof (set as unknown as Record<string, unknown> | null)?.[method] === 'function'
}

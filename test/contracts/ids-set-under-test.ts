import type { ClaimingIdsSet, FailedId } from 'pg-capture'

export interface IdsSetUnderTest {
  readonly set: ClaimingIdsSet
  /** The same ids through another connection, as another process has it; the set itself where it can't be shared so. */
  readonly other: ClaimingIdsSet
  /** Lets that much time pass for leases and waits, at once. */
  pass(ms: number): Promise<void> | void
}

/** What `failed` yields, each id once, in order. */
export async function failedOf(set: ClaimingIdsSet): Promise<FailedId[]> {
  const failed = new Map<string, FailedId>()
  for await (const batch of set.failed()) for (const each of batch) failed.set(each.id, each)
  return [...failed.values()].sort((one, two) => (one.id < two.id ? -1 : 1))
}

/** What `getAll` yields, each id once, in order. */
export async function allOf(set: ClaimingIdsSet): Promise<string[]> {
  const ids = new Set<string>()
  for await (const batch of set.getAll()) for (const id of batch) ids.add(String(id))
  return [...ids].sort()
}

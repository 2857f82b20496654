import type { ClaimingIdsSet } from 'pg-capture'

export interface IdsSetUnderTest {
  readonly set: ClaimingIdsSet
  /** The same ids through another connection, as another process has it; the set itself where it can't be shared so. */
  readonly other: ClaimingIdsSet
  /** Lets that much time pass for leases, at once. Absent where leases never end. */
  readonly pass?: (ms: number) => Promise<void> | void
}

/** What `getAll` yields, each id once, in order. */
export async function allOf(set: ClaimingIdsSet): Promise<string[]> {
  const ids = new Set<string>()
  for await (const batch of set.getAll()) for (const id of batch) ids.add(String(id))
  return [...ids].sort()
}

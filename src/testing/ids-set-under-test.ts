import type { ClaimingIdsSet, FailedId } from '../core/pending/ids-set.ts'

/** A new and empty set, as a test uses it. */
export interface IdsSetUnderTest {
  readonly set: ClaimingIdsSet
  /** The same ids through another connection, as another process has it: the set itself where it can't be shared so. */
  readonly other?: ClaimingIdsSet | undefined
  /** Lets that much time pass for leases, waits and ages, at once: by a clock of the test, or by moving what is stored into the past. */
  readonly pass: (ms: number) => Promise<void> | void
  /** Called when the test is over, however it ends. */
  readonly end?: (() => Promise<void> | void) | undefined
}

export interface MakeOptions {
  /** How many ids the set yields at a time, where it can be told. */
  readonly batchSize?: number | undefined
}

/** What a test gets. */
export interface Subject {
  readonly set: ClaimingIdsSet
  readonly other: ClaimingIdsSet
  readonly pass: (ms: number) => Promise<void> | void
}

/** One sentence of the contract. */
export interface SetTest {
  readonly name: string
  readonly batchSize?: number
  readonly check: (subject: Subject) => Promise<void>
}

// So long that the time which a slow machine takes for the calls themselves never decides.
export const lease = 9_000_000
export const minute = 60_000

export function range(length: number, first = 0): string[] {
  return Array.from({ length }, (_, at) => String(first + at))
}

export function sorted(ids: Iterable<unknown>): string[] {
  return Array.from(ids, String).sort()
}

/** What `getAll` yields, each id once, in order. */
export async function allOf(set: ClaimingIdsSet): Promise<string[]> {
  const ids = new Set<string>()
  for await (const batch of set.getAll()) for (const id of batch) ids.add(String(id))
  return sorted(ids)
}

/** What `inFlight` yields, each id once, in order. */
export async function flyingOf(set: ClaimingIdsSet): Promise<string[]> {
  const ids = new Set<string>()
  for await (const batch of set.inFlight()) for (const id of batch) ids.add(id)
  return sorted(ids)
}

/** What `failed` yields, each id once, in order. */
export async function failedOf(set: ClaimingIdsSet): Promise<FailedId[]> {
  const failed = new Map<string, FailedId>()
  for await (const batch of set.failed()) for (const each of batch) failed.set(each.id, each)
  return [...failed.values()].sort((one, two) => (one.id < two.id ? -1 : 1))
}

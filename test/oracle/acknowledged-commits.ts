import type { Coverage } from './coverage.ts'
import type { Replica } from './replica.ts'
import type { Truth } from './truth.ts'

/** What there was of an object that a commit changed, when the commit was acknowledged. */
interface Sight {
  readonly commit: number
  readonly id: string
  /** What the replica held, at one moment or two. */
  readonly texts: string[]
  isStored: boolean
}

export interface AcknowledgedCommitsOptions {
  readonly truth: Truth
  readonly replica: Replica
  /** Where the events of a commit end; undefined where they have not arrived. */
  readonly endOf: (commit: number) => number | undefined
  /** Whether a transaction is committing whose state is not known yet. */
  readonly isCommitting: () => boolean
  /** What the set holds, if it outlives the process. */
  readonly stored: () => Promise<ReadonlySet<string> | undefined>
  readonly coverage: Coverage
}

/**
 * Looks, whenever a position is confirmed, whether a crash at that moment would lose anything (G4): each object that a
 * confirmed commit has changed was emitted as it was then or later, or its id is in a set that outlives the process.
 *
 * It looks only where all commits were confirmed. Otherwise a later one may have led the look-up past the object, and its own
 * event, which is still to come, leads there.
 */
export class AcknowledgedCommits {
  readonly #options: AcknowledgedCommitsOptions
  readonly #sights: Sight[] = []
  readonly #looking: Promise<void>[] = []
  #next: number

  /** `first` is the first commit whose events are delivered. */
  constructor(first: number, options: AcknowledgedCommitsOptions) {
    this.#next = first
    this.#options = options
  }

  /** Call it when so many events, from the first on, have been acknowledged. */
  upTo(events: number): void {
    const { endOf, truth, replica, stored, coverage, isCommitting } = this.#options
    const first = this.#next
    for (; this.#next < truth.states.length; this.#next += 1) {
      const end = endOf(this.#next)
      if (end === undefined || end > events) break
    }
    if (this.#next < truth.states.length || isCommitting()) return
    const seen: Sight[] = []
    for (let commit = first; commit < this.#next; commit += 1) {
      coverage.count('commit acknowledged with all others')
      for (const id of this.#changedBy(commit)) {
        seen.push({ commit, id, texts: [this.#held(id)], isStored: false })
      }
    }
    this.#sights.push(...seen)
    // A TRUNCATE that is delivered again empties the replica; what exists is collected once more.
    if (replica.truncations > 0) for (const sight of seen) sight.isStored = true
    const missing = seen.filter((sight) => !this.#isSafe(sight))
    if (missing.length === 0) return
    const look = async (): Promise<void> => {
      const ids = await stored()
      for (const sight of missing) {
        sight.isStored = ids?.has(sight.id) === true
        // Emitted by then, it may have left the set before we looked.
        if (ids !== undefined) sight.texts.push(this.#held(sight.id))
        if (sight.isStored) coverage.count('acknowledged while its id waits in a durable set')
      }
    }
    this.#looking.push(look())
  }

  async problems(): Promise<string[]> {
    await Promise.all(this.#looking)
    return this.#sights
      .filter((sight) => !this.#isSafe(sight))
      .map(
        ({ commit, id, texts }) =>
          `Commit ${commit} was acknowledged when ${id} was neither emitted nor in a durable set: the replica had ${texts.join(', then ')}.`,
      )
  }

  #changedBy(commit: number): string[] {
    const { truth } = this.#options
    const after = truth.after(commit)
    const before = commit === 0 ? new Map<string, string>() : truth.after(commit - 1)
    return [...new Set([...after.keys(), ...before.keys()])].filter((id) => after.get(id) !== before.get(id))
  }

  #isSafe({ commit, id, texts, isStored }: Sight): boolean {
    if (isStored) return true
    const { truth } = this.#options
    for (let later = commit; later < truth.states.length; later += 1) {
      if (texts.includes(truth.after(later).get(id) ?? 'nothing')) return true
    }
    return false
  }

  #held(id: string): string {
    const { truth, replica } = this.#options
    return replica.objects.has(id) ? truth.text(replica.objects.get(id)) : 'nothing'
  }
}

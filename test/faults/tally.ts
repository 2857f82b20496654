import type { FaultKind } from './fault.ts'
import type { FailureNote, Note } from './worker/notebook.ts'

/** Failures that faults may bring: each is tried again by itself. Every other code would stop the work. */
const passing: ReadonlySet<string> = new Set([
  'CONNECTION_FAILED',
  'SLOT_IN_USE',
  'SET_COMMAND_FAILED',
  'QUEUE_FAILED',
  'LEASE_LOST',
  'VISIBILITY_TIMEOUT',
  'OBJECTS_PARKED',
])

/** What has happened in a run. */
export class Tally {
  readonly faults = new Map<FaultKind, number>()
  readonly failures = new Map<string, number>()
  readonly counts = {
    rounds: 0,
    committed: 0,
    'rolled back': 0,
    failed: 0,
    events: 0,
    redelivered: 0,
    duplicated: 0,
    reordered: 0,
    calls: 0,
    objects: 0,
    refused: 0,
    'worker starts': 0,
    lost: 0,
    backwards: 0,
  }

  fault(kind: FaultKind): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1)
  }

  add(counts: { readonly [Name in keyof Tally['counts']]?: number }): void {
    for (const [name, count] of Object.entries(counts)) this.counts[name as keyof Tally['counts']] += count
  }

  /** Counts the notes of the workers of a round, and returns what must not be among them. */
  notes(notes: readonly Note[]): string[] {
    const deliveries = new Map<string, { events: number; times: number }>()
    const problems: string[] = []
    for (const note of notes) {
      if ('chunk' in note) {
        for (const [lsn, events] of note.chunk) {
          this.counts.events += events
          const before = deliveries.get(lsn)
          if (before !== undefined) this.counts.redelivered += events
          deliveries.set(lsn, { events, times: (before?.times ?? 0) + 1 })
        }
      } else if ('duplicated' in note) this.counts.duplicated += note.duplicated
      else if ('reordered' in note) this.counts.reordered += note.reordered
      else problems.push(...this.#failure(note.failure))
    }
    return problems
  }

  #failure(failure: FailureNote): string[] {
    const name = 'code' in failure ? failure.code : 'own' in failure ? `of the ${failure.own}` : 'untyped'
    this.failures.set(name, (this.failures.get(name) ?? 0) + 1)
    if ('untyped' in failure) return [`a failure without a code: ${failure.untyped}`]
    if ('code' in failure && !passing.has(failure.code)) return [`${failure.code}: ${failure.message}`]
    return []
  }
}

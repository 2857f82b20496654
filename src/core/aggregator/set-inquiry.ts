import type { Backlog, ClaimingIdsSet } from '../pending/ids-set.ts'

/** What waits in the set; or why the set does not say; or for how long it has not answered. */
export type KnownBacklog = Backlog | { readonly error: unknown } | { readonly unansweredForMs: number }

/** Shorter than what asks for health gives up after, as a probe does. */
const PATIENCE_MS = 1_000

/**
 * Asks a set what waits in it. A set that is out of reach may keep silent for ever, and health is asked for just then: so it
 * waits for a moment only, and asks nothing new while a question is open.
 */
export class SetInquiry {
  readonly #claims: Pick<ClaimingIdsSet, 'backlog'>
  #question: { readonly askedAt: number; readonly answer: Promise<KnownBacklog> } | null = null

  constructor(claims: Pick<ClaimingIdsSet, 'backlog'>) {
    this.#claims = claims
  }

  async backlog(): Promise<KnownBacklog> {
    const { askedAt, answer } = (this.#question ??= { askedAt: performance.now(), answer: this.#ask() })
    let timer: ReturnType<typeof setTimeout> | undefined
    const silence = new Promise<KnownBacklog>((resolve) => {
      timer = setTimeout(() => resolve({ unansweredForMs: performance.now() - askedAt }), PATIENCE_MS)
    })
    try {
      return await Promise.race([answer, silence])
    } finally {
      clearTimeout(timer)
    }
  }

  async #ask(): Promise<KnownBacklog> {
    try {
      // A set may fail before it gives a promise: not before the question is noted.
      return await Promise.resolve().then(() => this.#claims.backlog())
    } catch (error) {
      return { error }
    } finally {
      this.#question = null
    }
  }
}

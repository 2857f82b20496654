import type { FailStep, HoldStep, Passed, PoisonStep } from './script.ts'

/** A failure that a case makes on purpose. */
export class MadeFailure extends Error {
  constructor(place: Passed | 'a refused id' | 'the end of the process') {
    super(`made to fail at ${place}`)
  }
}

/** Whether the error, or what caused it, was made on purpose. */
export function isMade(error: unknown): boolean {
  if (error instanceof MadeFailure) return true
  if (error instanceof AggregateError && error.errors.some(isMade)) return true
  return error instanceof Error && error.cause !== undefined && isMade(error.cause)
}

interface Held {
  stepsLeft: number
  readonly release: () => void
}

/** Makes operations wait or fail at chosen places, so that interleavings come from the script and not from the clock. */
export class Interference {
  #armed: { readonly step: HoldStep | FailStep; after: number }[] = []
  #held: Held[] = []
  #poison: PoisonStep | undefined
  #poisonedFor = 0
  #onHold: () => void = () => undefined
  #onFailure: () => void = () => undefined
  /** How often what was armed has come to pass, by its name. */
  readonly counts = new Map<string, number>()

  /** How much was made to fail so far. */
  get failures(): number {
    return this.counts.get('failure on purpose') ?? 0
  }

  get isHolding(): boolean {
    return this.#held.length > 0
  }

  arm(step: HoldStep | FailStep): void {
    this.#armed.push({ step, after: step.after })
  }

  /** Called by every operation that comes to a place. */
  async pass(place: Passed): Promise<void> {
    const here = this.#armed.filter(
      ({ step }) => step.place === place || (step.place === 'set' && place.endsWith(' set')),
    )
    const due = here.find(({ after }) => after <= 0)
    for (const armed of here) armed.after -= 1
    if (due === undefined) return
    this.#armed = this.#armed.filter((armed) => armed !== due)
    if (due.step.do === 'hold') return this.#hold(due.step.steps)
    this.#fail(place, `failure ${place}`)
  }

  /** Called with the ids of each change before it is applied. */
  take(ids: readonly string[]): void {
    if (ids.some((id) => this.isRefused(id))) this.#fail('a refused id', 'change refused for one of its ids')
  }

  /** Whether changes are refused that hold the id. */
  isRefused(id: string): boolean {
    return this.#poison !== undefined && hashOf(id) % this.#poison.oneOf === 0
  }

  get isRefusing(): boolean {
    return this.#poison !== undefined
  }

  poison(step: PoisonStep): void {
    this.#poison = step
    this.#poisonedFor = step.steps
  }

  /** Ends what is no longer to be held, when a step begins. */
  tick(): void {
    this.#poisonedFor -= 1
    if (this.#poisonedFor < 0) this.#poison = undefined
    for (const held of this.#held) {
      held.stepsLeft -= 1
      if (held.stepsLeft <= 0) held.release()
    }
    this.#held = this.#held.filter(({ stepsLeft }) => stepsLeft > 0)
  }

  /** From here on nothing waits or fails. */
  end(): void {
    this.#poison = undefined
    this.endArmed()
  }

  /** From here on nothing waits, and nothing fails but what is refused. */
  endArmed(): void {
    this.#armed = []
    for (const { release } of this.#held) release()
    this.#held = []
  }

  /** Resolves when an operation begins to be held. */
  nextHold(): Promise<void> {
    return new Promise((resolve) => {
      this.#onHold = resolve
    })
  }

  /** Resolves when an operation is made to fail. */
  nextFailure(): Promise<void> {
    return new Promise((resolve) => {
      this.#onFailure = resolve
    })
  }

  async #hold(steps: number): Promise<void> {
    this.#count('hold')
    await new Promise<void>((release) => {
      this.#held.push({ stepsLeft: steps, release })
      this.#onHold()
    })
  }

  #fail(place: ConstructorParameters<typeof MadeFailure>[0], name: string): never {
    this.#count('failure on purpose')
    this.#count(name)
    this.#onFailure()
    throw new MadeFailure(place)
  }

  #count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
  }
}

/** The same for an id in every run. */
function hashOf(id: string): number {
  let hash = 7
  for (const character of id) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0
  return hash
}

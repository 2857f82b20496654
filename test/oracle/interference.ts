import type { FailStep, HoldStep, Place } from './script.ts'

/** A failure that a case makes on purpose. */
export class MadeFailure extends Error {
  constructor(place: Place | 'the end of the process') {
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
  #onHold: () => void = () => undefined
  /** How often what was armed has come to pass. */
  holds = 0
  failures = 0

  get isHolding(): boolean {
    return this.#held.length > 0
  }

  arm(step: HoldStep | FailStep): void {
    this.#armed.push({ step, after: step.after })
  }

  /** Called by every operation that comes to a place. */
  async pass(place: Place): Promise<void> {
    const here = this.#armed.filter(({ step }) => step.place === place)
    const due = here.find(({ after }) => after <= 0)
    for (const armed of here) armed.after -= 1
    if (due === undefined) return
    this.#armed = this.#armed.filter((armed) => armed !== due)
    if (due.step.do === 'hold') return this.#hold(due.step.steps)
    this.failures += 1
    throw new MadeFailure(place)
  }

  /** Ends what is no longer to be held, when a step begins. */
  tick(): void {
    for (const held of this.#held) {
      held.stepsLeft -= 1
      if (held.stepsLeft <= 0) held.release()
    }
    this.#held = this.#held.filter(({ stepsLeft }) => stepsLeft > 0)
  }

  /** From here on nothing waits or fails. */
  end(): void {
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

  async #hold(steps: number): Promise<void> {
    this.holds += 1
    await new Promise<void>((release) => {
      this.#held.push({ stepsLeft: steps, release })
      this.#onHold()
    })
  }
}

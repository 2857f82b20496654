import { AssertionError } from 'node:assert'
import { IdsSetModel } from './ids-set-model.ts'
import type { Subject } from './ids-set-under-test.ts'
import { type Operation, operationsOf } from './operations.ts'

export interface ModelOptions {
  readonly runs?: number | undefined
  readonly seed?: number | undefined
  /**
   * `false` for claims over three plain methods. Ids stay in such a set until they are acknowledged, so `getAll` yields those in
   * flight and those that wait, too; leases don't end, since only the process can be gone; and an id may be claimed once more than
   * it was added.
   */
  readonly claimsByItself: boolean
}

type Use = (check: (subject: Subject) => Promise<void>) => Promise<void>

/** How often a shorter script is tried, to tell the shortest that fails. */
const attempts = 300

/** Compares random orders of calls with the model. A failure tells its seed and the shortest script that fails. */
export async function behavesAsTheModel(
  use: Use,
  { runs = 300, seed: first = Math.floor(Math.random() * 2 ** 31), claimsByItself }: ModelOptions,
): Promise<void> {
  const failureOf = async (script: readonly Operation[]): Promise<unknown> => {
    try {
      await use(async (subject) => {
        const model = new IdsSetModel(subject, claimsByItself)
        for (const operation of script) await model.apply(operation)
        await model.finish()
      })
      return undefined
    } catch (error) {
      return error
    }
  }
  for (let seed = first; seed < first + runs; seed++) {
    const script = operationsOf(seed)
    const cause = await failureOf(script)
    if (cause === undefined) continue
    throw await told(seed, script, cause, failureOf)
  }
}

async function told(
  seed: number,
  script: Operation[],
  cause: unknown,
  failureOf: (script: readonly Operation[]) => Promise<unknown>,
): Promise<Error> {
  let shortest = script
  let reason = cause
  let left = attempts
  for (let length = Math.ceil(script.length / 2); length > 0 && left > 0;) {
    let found = false
    for (let at = 0; at + length <= shortest.length && left > 0;) {
      left -= 1
      const shorter = shortest.toSpliced(at, length)
      const failure = await failureOf(shorter)
      if (failure === undefined) {
        at += length
        continue
      }
      shortest = shorter
      reason = failure
      found = true
    }
    if (!found) length = length === 1 ? 0 : Math.ceil(length / 2)
  }
  const message = reason instanceof Error ? reason.message : String(reason)
  const calls = shortest.map((operation) => JSON.stringify(operation)).join('\n')
  return new AssertionError({
    message: `The set does not behave as the model: ${message}\n\nTo repeat it, set seed: ${seed}. The shortest calls that fail:\n${calls}`,
  })
}

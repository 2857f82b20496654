import { PlainSetClaims } from '../core/pending/plain-set-claims.ts'
import type { IdsSet } from '../core/pending/ids-set.ts'
import { ageTests, backlogTests } from './backlog-tests.ts'
import { claimTests } from './claim-tests.ts'
import { contentsTests, idTests } from './contents-tests.ts'
import { failureTests } from './failure-tests.ts'
import type { IdsSetUnderTest, MakeOptions, SetTest, Subject } from './ids-set-under-test.ts'
import { leaseTests } from './lease-tests.ts'
import { behavesAsTheModel, type ModelOptions } from './behaves-as-the-model.ts'

export type { IdsSetUnderTest, MakeOptions } from './ids-set-under-test.ts'

/** One sentence that a set has to keep: give both to the `test` of your test runner. */
export interface ContractTest {
  readonly name: string
  /** Rejects with what is wrong. */
  readonly run: () => Promise<void>
}

export interface ContractOptions {
  /** `false` where an id can't hold U+0000: no text of Postgres holds it, so no key does. */
  readonly holdsZeroCharacters?: boolean | undefined
  /** How many random orders of calls are tried: 300 by default. */
  readonly runs?: number | undefined
  /** Where the random orders begin: another one each time by default. A failure tells its own. */
  readonly seed?: number | undefined
}

export interface IdsSetContractOptions extends ContractOptions {
  /** A new and empty set, with the same ids through another connection, and a way to let time pass. */
  readonly make: (options: MakeOptions) => Promise<IdsSetUnderTest> | IdsSetUnderTest
  /** `false` for a set that never knows for how long something has been pending. */
  readonly tellsAge?: boolean | undefined
}

export interface PlainSetContractOptions extends ContractOptions {
  /** A new and empty set. */
  readonly make: (options: MakeOptions) => Promise<IdsSet> | IdsSet
}

/**
 * The tests that every set with claims has to pass: one for each sentence of the contract, and random orders of calls that are
 * compared with a model. They need no test runner of a certain kind. Some handle 70,000 ids, so give each of them a minute or two.
 *
 * @example
 * ```ts
 * const tests = idsSetContract({
 *   make: () => {
 *     let now = 0
 *     return { set: new InMemorySet({ now: () => now }), pass: (ms) => void (now += ms) }
 *   },
 * })
 * for (const { name, run } of tests) test(name, run, 120_000)
 * ```
 */
export function idsSetContract({
  make,
  holdsZeroCharacters = true,
  tellsAge = true,
  ...model
}: IdsSetContractOptions): ContractTest[] {
  const tests = [
    ...contentsTests,
    ...idTests(holdsZeroCharacters),
    ...claimTests,
    ...leaseTests,
    ...failureTests,
    ...backlogTests,
    ...(tellsAge ? ageTests : []),
  ]
  return contract(tests, make, { ...model, claimsByItself: true })
}

/**
 * The tests that a set of three methods has to pass, under the claims that pg-capture keeps over it: see {@link idsSetContract}.
 *
 * @example
 * ```ts
 * for (const { name, run } of plainSetContract({ make: () => new MySet() })) test(name, run, 120_000)
 * ```
 */
export function plainSetContract({
  make,
  holdsZeroCharacters = true,
  ...model
}: PlainSetContractOptions): ContractTest[] {
  const tests = [
    ...contentsTests,
    ...idTests(holdsZeroCharacters),
    ...claimTests,
    ...failureTests,
    ...backlogTests,
  ]
  const makeClaims = async (options: MakeOptions): Promise<IdsSetUnderTest> => {
    let now = 0
    const set = new PlainSetClaims(await make(options), () => now)
    return { set, pass: (ms) => void (now += ms) }
  }
  return contract(tests, makeClaims, { ...model, claimsByItself: false })
}

function contract(
  tests: readonly SetTest[],
  make: IdsSetContractOptions['make'],
  model: ModelOptions,
): ContractTest[] {
  const use = async (options: MakeOptions, check: (subject: Subject) => Promise<void>): Promise<void> => {
    const made = await make(options)
    const { set, other = set } = made
    try {
      await check({ set, other, pass: made.pass })
    } finally {
      await made.end?.()
    }
  }
  return [
    ...tests.map(({ name, batchSize, check }) => ({ name, run: () => use({ batchSize }, check) })),
    {
      name: 'behaves as the model, whatever the order of calls',
      run: () => behavesAsTheModel((check) => use({ batchSize: 3 }, check), model),
    },
  ]
}

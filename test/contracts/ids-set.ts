import {
  type ContractTest,
  type IdsSetContractOptions,
  idsSetContract,
  type PlainSetContractOptions,
  plainSetContract,
} from 'pg-capture/testing'
import { describe, expect, test } from 'vitest'

/** The public contract, and what else our own sets promise alike. Call it in a test file, once for each set. */
export function testIdsSet(name: string, options: IdsSetContractOptions): void {
  describe(`${name} keeps the contract of an ids set`, () => {
    test.each(named(idsSetContract({ ...options, ...repeated() })))('%s', async (_, run) => run(), 120_000)

    test('what is no number of ids, or of milliseconds, is told as OPTION_INVALID', async () => {
      const { set, end } = await options.make({})
      await set.add(['a'])
      const claim = await set.claim(1, 1_000)
      const failure = { error: 'late', retryInMs: -1 }
      for (const call of [
        set.claim(0, 1),
        set.claim(1, 0.5),
        set.renew(claim, 0),
        set.release(claim, failure),
      ]) {
        await expect(call).rejects.toMatchObject({ code: 'OPTION_INVALID' })
      }
      await end?.()
    })
  })
}

export function testPlainSet(name: string, options: PlainSetContractOptions): void {
  describe(`${name} keeps the contract of a plain set`, () => {
    test.each(named(plainSetContract({ ...options, ...repeated() })))('%s', async (_, run) => run(), 120_000)
  })
}

const named = (tests: readonly ContractTest[]): [string, ContractTest['run']][] =>
  tests.map(({ name, run }) => [name, run])

/** `PROPERTY_RUNS=1 PROPERTY_SEED=…` repeats what a failure tells. */
function repeated(): { runs?: number; seed?: number } {
  const { PROPERTY_RUNS: runs, PROPERTY_SEED: seed } = process.env
  return { ...(runs && { runs: Number(runs) }), ...(seed && { seed: Number(seed) }) }
}

/** How long the oracle may look, and where it begins. */
export interface Budget {
  readonly seconds: number
  readonly seed: number
  /** Where to leave what was covered, for whoever runs several at a time. */
  readonly report: string | undefined
}

/**
 * Reads `ORACLE_SECONDS` (default 60), `ORACLE_SEED` (default: another one each time) and `ORACLE_REPORT`.
 *
 * @throws Error where one is no number of that kind: a budget that was misread would look like a passed test.
 */
export function readBudget(environment: NodeJS.ProcessEnv): Budget {
  const { ORACLE_SECONDS: seconds, ORACLE_SEED: seed, ORACLE_REPORT: report } = environment
  return {
    seconds: seconds === undefined ? 60 : positive('ORACLE_SECONDS', seconds),
    seed: seed === undefined ? Date.now() & 0x7fffffff : integer('ORACLE_SEED', seed),
    report,
  }
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (/^\d+(\.\d+)?$/.test(text) && value > 0) return value
  throw new Error(`${name} is "${text}"; it has to be a positive number of seconds.`)
}

function integer(name: string, text: string): number {
  const value = Number(text)
  if (/^-?\d+$/.test(text) && Math.abs(value) < 2 ** 31) return value
  throw new Error(`${name} is "${text}"; it has to be an integer of 32 bits.`)
}

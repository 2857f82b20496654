import type { ColumnTest } from './condition.ts'
import { pathTo } from './path-to.ts'
import { UNSENDABLE, UNSENDABLE_TEXT } from './unsendable.ts'

/** Takes what is wrong, where it is, and why. */
export type Report = (path: string, message: string) => void

type Check = (value: unknown, path: string, report: Report) => void

/** Keyed by test, so that a new one can't be forgotten here. */
const TESTS: Readonly<Record<keyof ColumnTest, Check>> = {
  equals: checkValueOrNull,
  not: checkValueOrNull,
  in: checkValues,
  notIn: checkValues,
  lt: checkValue,
  lte: checkValue,
  gt: checkValue,
  gte: checkValue,
}

const VALUE = 'a text, a number, a bigint, true or false'

/** Refuses a condition that is none, or one that lets all rows through, or none, since it is empty. */
export function checkCondition(
  value: unknown,
  path: string,
  report: Report,
  checkColumn: (name: string, path: string) => void,
  around: readonly object[] = [],
): void {
  if (!isRecord(value)) return report(path, 'has to be a condition, an object from column names to tests')
  if (around.includes(value)) return report(path, 'holds itself; a condition has to end somewhere')
  const inside = [...around, value]
  const names = Object.keys(value)
  if (names.length === 0) report(path, 'is empty; leave it out where all rows count')
  for (const name of names) {
    const at = pathTo(path, name)
    const test = value[name]
    if (!Array.isArray(test)) {
      checkColumn(name, at)
      checkTest(test, at, report)
    } else if (name !== 'and' && name !== 'or') {
      report(at, 'has a list for a test; say { in: [...] }, or and: [...] or or: [...] for conditions')
    } else if (test.length === 0) {
      report(at, 'is empty; it needs at least one condition')
    } else {
      test.forEach((one, index) => checkCondition(one, `${at}[${index}]`, report, checkColumn, inside))
    }
  }
}

function checkTest(test: unknown, path: string, report: Report): void {
  if (!isRecord(test)) return checkValueOrNull(test, path, report)
  const names = Object.keys(test).filter((name) => test[name] !== undefined)
  if (names.length === 0) report(path, `is empty; the tests are ${Object.keys(TESTS).join(', ')}`)
  for (const name of names) {
    const at = pathTo(path, name)
    const check = Object.hasOwn(TESTS, name) ? TESTS[name as keyof ColumnTest] : undefined
    if (check === undefined) report(at, `is no test; the tests are ${Object.keys(TESTS).join(', ')}`)
    else check(test[name], at, report)
  }
}

function checkValueOrNull(value: unknown, path: string, report: Report): void {
  if (value !== null) checkValue(value, path, report, `has to be ${VALUE}, or null`)
}

function checkValues(value: unknown, path: string, report: Report): void {
  if (!Array.isArray(value) || value.length === 0) {
    return report(path, `has to be a list of values, at least one`)
  }
  value.forEach((one, index) =>
    checkValue(one, `${path}[${index}]`, report, `has to be ${VALUE}; test for null apart`),
  )
}

function checkValue(
  value: unknown,
  path: string,
  report: Report,
  message: string = `has to be ${VALUE}`,
): void {
  if (!['string', 'number', 'bigint', 'boolean'].includes(typeof value)) return report(path, message)
  if (typeof value === 'string' && UNSENDABLE.test(value)) return report(path, `has ${UNSENDABLE_TEXT}`)
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    report(path, 'is a whole number beyond 2^53, which JavaScript has rounded; say it as a text or a bigint')
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

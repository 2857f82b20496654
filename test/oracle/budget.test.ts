import { expect, test } from 'vitest'
import { readBudget } from './budget.ts'

test('a minute and another seed each time, unless told otherwise', () => {
  expect(readBudget({})).toEqual({ seconds: 60, seed: expect.any(Number) })
  expect(readBudget({ ORACLE_SECONDS: '1.5', ORACLE_SEED: '-7', ORACLE_REPORT: 'report.json' })).toEqual({
    seconds: 1.5,
    seed: -7,
    report: 'report.json',
  })
})

test.each(['', '0', '-1', '10s', 'Infinity', '1e3'])('ORACLE_SECONDS="%s" is refused', (value) => {
  expect(() => readBudget({ ORACLE_SECONDS: value })).toThrow('ORACLE_SECONDS')
})

test.each(['', '1.5', 'x', '4294967296'])('ORACLE_SEED="%s" is refused', (value) => {
  expect(() => readBudget({ ORACLE_SEED: value })).toThrow('ORACLE_SEED')
})

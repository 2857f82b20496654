import type { ColumnTest, Condition, ConditionValue } from 'pg-capture'
import { scaled } from './compare-values.ts'

/** A column of a row: its value, and what its type makes of a text, equal for equal values; `null` is NULL. */
export interface Compared {
  readonly value: string | null
  readonly comparable: (text: string) => string | null
}

/** Whether a row meets the condition, by plain reading of what its tests mean. */
export function conditionHolds(condition: Condition, column: (name: string) => Compared): boolean {
  return Object.entries(condition).every(([name, test]) => {
    if (isList(test)) {
      const holds = (one: Condition): boolean => conditionHolds(one, column)
      return name === 'or' ? test.some(holds) : test.every(holds)
    }
    const tests: ColumnTest = typeof test === 'object' && test !== null ? test : { equals: test }
    return Object.entries(tests).every(([kind, against]) =>
      testHolds(kind as keyof ColumnTest, against as ConditionValue, column(name)),
    )
  })
}

function isList(test: Condition[string]): test is readonly Condition[] {
  return Array.isArray(test)
}

function testHolds(
  kind: keyof ColumnTest,
  against: ConditionValue | null | readonly ConditionValue[],
  { value, comparable }: Compared,
): boolean {
  if (against === null) return (value === null) === (kind === 'equals')
  if (value === null) return false
  const texts = [against].flat().map((one) => comparable(String(one)))
  const [text] = texts
  switch (kind) {
    case 'equals':
    case 'in':
      return texts.includes(value)
    case 'not':
    case 'notIn':
      return !texts.includes(value)
    case 'lt':
      return scaled(value) < scaled(text)
    case 'lte':
      return scaled(value) <= scaled(text)
    case 'gt':
      return scaled(value) > scaled(text)
    case 'gte':
      return scaled(value) >= scaled(text)
    default:
      return kind satisfies never
  }
}

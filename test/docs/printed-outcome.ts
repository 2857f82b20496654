import { differences } from './gallery-differences.ts'
import type { Outcome } from './gallery-capture.ts'
import { printedJson } from './printed-json.ts'

/** The ids that `onChange` got, and how their objects differ from those before. */
export function printedOutcome(outcome: Outcome): string {
  const lines = [
    ...inOrder(outcome.upserted).flatMap((id) => upsertLines(id, outcome)),
    ...inOrder(outcome.deleted).map((id) => `delete ${id}`),
  ]
  return lines.length === 0 ? 'nothing' : lines.join('\n')
}

function upsertLines(id: string, { before, after }: Outcome): string[] {
  if (!before.has(id)) return [`upsert ${id}`, `  ${printedJson(after.get(id)?.object, '  ')}`]
  const found = differences(before.get(id)?.object, after.get(id)?.object)
  if (found.length === 0) return [`upsert ${id}, as it was`]
  return [
    `upsert ${id}`,
    ...found.map((difference) => {
      const { path } = difference
      const value = (json: unknown): string => printedJson(json, '  ', path)
      if (!('new' in difference)) return `  ${path} - ${value(difference.old)}`
      if (!('old' in difference)) return `  ${path} + ${value(difference.new)}`
      return `  ${path}: ${value(difference.old)} → ${value(difference.new)}`
    }),
  ]
}

/** Ids as a reader would sort them: 2 before 10. */
export function inOrder(ids: readonly string[]): string[] {
  return ids.toSorted((left, right) => left.localeCompare(right, 'en', { numeric: true }))
}

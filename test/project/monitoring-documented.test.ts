import { describe, expect, test } from 'vitest'
import { textOf } from './source-tree.ts'

const page = textOf('docs/monitoring.md')
const health = textOf('src/core/monitoring/health.ts')
const union = /export type HealthCode =((?:\s*\|\s*'[A-Z_]+')+)/.exec(health)?.[1] ?? ''
const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code!)
const table = textOf('src/core/monitoring/figures.ts')
const figures = [...table.matchAll(/^  (\w+): \{ ?\n?\s*kind: '(\w+)',(?:\s*unit: '(\w+)',)?/gm)].map(
  ([, name, kind, unit]) => ({ name: name!, kind: [kind, unit].filter(Boolean).join(', ') }),
)

describe('docs/monitoring.md', () => {
  test('has one section for each code of health, and no other', () => {
    expect(codes.length).toBeGreaterThan(5)
    const headings = [...page.matchAll(/^### ([A-Z_]+)$/gm)].map(([, code]) => code!)
    expect(headings.sort()).toEqual([...codes].sort())
  })

  test('has one line for each figure, and no other', () => {
    expect(figures.length).toBeGreaterThan(10)
    const lines = [...page.matchAll(/^\| `(\w+)` \| ([\w, ]+) \|/gm)].map(([, name, kind]) => ({
      name,
      kind,
    }))
    expect(lines).toEqual(figures)
  })

  test.each(codes)('%s is reported somewhere in the source', (code) => {
    const reporting = ['src/core/aggregator/aggregator-activity.ts', 'src/core/capture/capture-activity.ts']
    expect(reporting.some((path) => textOf(path).includes(`'${code}'`))).toBe(true)
  })
})

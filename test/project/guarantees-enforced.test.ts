import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { absolute, textOf } from './source-tree.ts'

interface Enforcement {
  readonly guarantee: string
  readonly file: string
  readonly name: string
}

const sections = textOf('docs/guarantees.md')
  .split(/^(?=## )/m)
  .flatMap((text) => {
    const guarantee = /^## (G\d+)\. \S/.exec(text)?.[1]
    return guarantee === undefined ? [] : [{ guarantee, text }]
  })
const enforcements: Enforcement[] = sections.flatMap(({ guarantee, text }) =>
  [...text.matchAll(/^- Enforced by: `([^`]+)` › `([^`]+)`$/gm)].map(([, file, name]) => ({
    guarantee,
    file: file!,
    name: name!,
  })),
)

describe('docs/guarantees.md', () => {
  test('numbers the guarantees from G1 on, without a gap', () => {
    expect(sections.length).toBeGreaterThanOrEqual(6)
    expect(sections.map(({ guarantee }) => guarantee)).toEqual(sections.map((_, at) => `G${at + 1}`))
  })

  test.each(sections)('$guarantee names a test that enforces it', ({ guarantee, text }) => {
    const lines = text.split('\n').filter((line) => line.includes('Enforced by'))
    const read = enforcements.filter((enforcement) => enforcement.guarantee === guarantee)
    expect(read.length).toBeGreaterThan(0)
    expect(read.length, 'every "Enforced by" line has the form - Enforced by: `file` › `test`').toBe(
      lines.length,
    )
  })

  test.each(enforcements)('$guarantee: $file has the test "$name"', ({ file, name }) => {
    expect(existsSync(absolute(file)), file).toBe(true)
    expect(textOf(file)).toContain(name)
  })
})

import { describe, expect, test } from 'vitest'
import { filesIn, textOf } from './source-tree.ts'

const declaration = 'src/core/errors/capture-error.ts'
const union = /export type CaptureErrorCode =((?:\s*\|\s*'[A-Z_]+')+)/.exec(textOf(declaration))?.[1] ?? ''
const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code!)

const page = textOf('docs/errors.md')
const sections = page.split(/^(?=## )/m).slice(1)
const headings = [...page.matchAll(/^#+ `?([A-Z]+(?:_[A-Z]+)+)`?$/gm)].map(([, code]) => code!)

describe('docs/errors.md', () => {
  test('the union of codes was found', () => {
    expect(codes.length).toBeGreaterThan(10)
    expect(new Set(codes).size).toBe(codes.length)
  })

  test('has one heading for each code, and no other', () => {
    expect([...headings].sort()).toEqual([...codes].sort())
  })

  test.each(codes)('%s: says what it means, what to do and where the events are meanwhile', (code) => {
    const section = page.split(/^#+ /m).find((text) => text.replaceAll('`', '').startsWith(`${code}\n`))
    expect(section).toMatch(/^\*\*Means\.\*\* \S/m)
    expect(section).toMatch(/^\*\*Do\.\*\* \S/m)
    expect(section).toMatch(/^\*\*Meanwhile\.\*\* \S/m)
    expect(sections.length).toBeGreaterThan(0)
  })

  test.each(codes)('%s is raised somewhere in the source', (code) => {
    const raising = filesIn('src').filter(
      (path) => path !== declaration && !path.endsWith('.test.ts') && textOf(path).includes(`'${code}'`),
    )
    expect(raising).not.toEqual([])
  })
})

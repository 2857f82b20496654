import { existsSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { absolute, filesIn, textOf } from './source-tree.ts'

const pages = filesIn('').filter((path) => path.endsWith('.md'))

interface Link {
  readonly page: string
  readonly target: string
}

const links: Link[] = pages.flatMap((page) =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => ({ page, target: target! })),
)

/** A page without its fenced code. */
function proseOf(page: string): string {
  return textOf(page).replaceAll(/^```.*?^```/gms, '')
}

/** Anchors of a page's headings, as git hosts make them. */
function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function isBroken({ page, target }: Link): boolean {
  if (/^[a-z]+:/.test(target)) return false
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page : posix.join(posix.dirname(page), path)
  if (!existsSync(absolute(file))) return true
  return anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).includes(anchor)
}

describe('documents', () => {
  test('the pages and their links are seen', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/errors.md']))
    expect(links.length).toBeGreaterThan(5)
  })

  test('every link inside the repository leads somewhere', () => {
    expect(links.filter(isBroken)).toEqual([])
  })

  // In prose and in comments of the source, a page is often named without a link.
  test('every document that is named exists', () => {
    const naming = [
      ...pages,
      ...filesIn('src'),
      ...filesIn('services'),
      ...filesIn('test'),
      ...filesIn('demo'),
    ]
    const named = naming
      .filter((path) => /\.(md|ts|mjs)$/.test(path) && path !== 'test/project/links.test.ts')
      .flatMap((path) =>
        [...textOf(path).matchAll(/\bdocs\/[\w/.-]+\.md\b/g)].map(([document]) => ({ path, document })),
      )
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter(({ document }) => !existsSync(absolute(document)))).toEqual([])
  })
})

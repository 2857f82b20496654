import { filesIn, textOf } from '../project/source-tree.ts'

/** A fenced block of a page. */
export interface Snippet {
  readonly page: string
  /** The line of the page on which its code begins. */
  readonly line: number
  readonly language: string
  /** Code that the page does not show: see `snippets.test.ts`. */
  readonly given: string
  readonly code: string
}

/** The fenced blocks of a page, in their order. */
export function snippetsOf(page: string): Snippet[] {
  const text = textOf(page)
  const fence = /(?:^<!-- given\n(.*?)\n-->\n+)?^([ \t]*)```(\w+)[^\n]*\n(.*?)\n[ \t]*```[ \t]*$/gms
  return [...text.matchAll(fence)].map(
    ([whole, given = '', indent = '', language = '', code = ''], index, all) => ({
      page,
      line: text.slice(0, all[index]!.index + whole.lastIndexOf('```' + language)).split('\n').length + 1,
      language,
      given,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  )
}

/** The pages that a user reads. */
export const pages: readonly string[] = [
  ...filesIn('').filter((path) => /^[^/]+\.md$/.test(path)),
  ...filesIn('docs').filter((path) => path.endsWith('.md')),
]

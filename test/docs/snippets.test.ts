import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { absolute } from '../project/source-tree.ts'
import { pages, type Snippet, snippetsOf } from './snippets.ts'

// Every block of a page that is marked ```ts is compiled with the repository's own compiler settings, each as a module of its own.
//
// A block that needs something which would only distract the reader gets it from a comment right above it, which the page
// does not show:
//
//   <!-- given
//   import type { EventAggregator } from 'pg-capture'
//   declare const aggregator: EventAggregator
//   -->
//   ```ts
//   await aggregator.buildObjects()
//   ```
//
// A block that is no whole program (a signature, say) is marked otherwise, as ```js or ```text.

const run = promisify(execFile)

const snippets = pages
  .flatMap(snippetsOf)
  .filter(({ language }) => ['ts', 'tsx', 'typescript'].includes(language))

/** The compiler's complaints, with page and line, for the snippets given. */
async function problemsOf(list: readonly Snippet[]): Promise<string[]> {
  // Below the repository, where the packages that snippets import are found.
  const cache = absolute('node_modules/.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'snippets-'))
  try {
    const files = await Promise.all(
      list.map(async (snippet, index) => {
        const file = `snippet-${index}.ts`
        // The given code stands behind the snippet, so that lines are counted as on the page; imports and declarations may.
        await writeFile(join(folder, file), `${snippet.code}\n${snippet.given}\nexport {}\n`)
        return file
      }),
    )
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: absolute('tsconfig.json'), files, include: [], exclude: [] }),
    )
    const compiler = absolute('node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [compiler, '-p', folder, '--pretty', 'false']).catch(
      (failure: { stdout: string }) => failure,
    )
    // What is wrong in the source itself, `npm run check` tells.
    return stdout.split('\n').flatMap((line) => {
      const [, index, at, problem] = /snippet-(\d+)\.ts\((\d+),\d+\)(.*)$/.exec(line) ?? []
      const snippet = list[Number(index)]
      return snippet === undefined ? [] : [`${snippet.page}:${snippet.line + Number(at) - 1}${problem}`]
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

describe('the snippets of README.md and docs', () => {
  test('are found', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/schema.md', 'docs/events.md']))
    expect(new Set(snippets.map(({ page }) => page)).size).toBeGreaterThan(3)
  })

  test('compile', async () => {
    expect(await problemsOf(snippets)).toEqual([])
  }, 60_000)

  test('that do not compile are told, with page and line', async () => {
    const wrong: Snippet = {
      page: 'docs/events.md',
      line: 10,
      language: 'ts',
      given: `import type { RootSchema } from 'pg-capture'`,
      code: `const fine = 1\nconst schema: RootSchema = { table: fine }`,
    }
    const problems = await problemsOf([wrong])
    expect(problems[0]).toMatch(/^docs\/events\.md:11: error TS/)
  }, 60_000)
})

import { posix } from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesIn, textOf } from './source-tree.ts'

// The stations of the data path, in the order in which they may build on each other: never on what stands to the right.
const coreOrder = [
  'errors',
  'values',
  'events',
  'sql',
  'pending',
  'monitoring',
  'schema',
  'root-ids',
  'objects',
  'aggregator',
  'capture',
]
const core = coreOrder.map((folder) => `src/core/${folder}`)

interface Rule {
  /** Areas it may import by path, besides itself. */
  readonly areas: readonly string[]
  /** Packages it may import; `node:` stands for all of Node, `*` for anything. */
  readonly packages: readonly string[]
}

const rules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(core.map((area, at) => [area, { areas: core.slice(0, at), packages: [] }])),
  'src/stores': { areas: core, packages: [] },
  'src/sources/debezium': { areas: core, packages: [] },
  'src/sources/redpanda-connect.ts': { areas: core, packages: [] },
  'src/sources/sequin.ts': { areas: core, packages: [] },
  'src/sources/supabase.ts': { areas: core, packages: [] },
  'src/sources/wal-listener.ts': { areas: core, packages: [] },
  'src/sources/wal2json.ts': { areas: core, packages: [] },
  'src/sources/pgoutput': { areas: core, packages: ['pg', 'node:'] },
  'src/metrics': { areas: core, packages: [] },
  'src/testing': { areas: core, packages: ['node:'] },
  'src/schedulers': { areas: core, packages: [] },
  'src/index.ts': { areas: [...core, 'src/stores'], packages: [] },
  services: { areas: [], packages: ['*'] },
  'test/project': { areas: ['package.json', 'vitest.config.ts'], packages: ['*'] },
  // Their recipes are tested by themselves as well.
  'test/examples': { areas: ['test', 'services', 'examples'], packages: ['*'] },
  'test/bench': { areas: ['test', 'services', 'bench'], packages: ['*'] },
  test: { areas: ['services'], packages: ['*'] },
  demo: { areas: ['services'], packages: ['*'] },
  examples: { areas: ['services'], packages: ['*'] },
  // Decoding has no public name of its own.
  'bench/tables/micro.ts': { areas: ['bench', 'src/sources/pgoutput'], packages: ['*'] },
  bench: { areas: ['services'], packages: ['*'] },
}
// A test, beside its file too, also uses what tests share, and any package: nothing of it is published.
const forTests: Rule = { areas: ['test', 'services', 'src/testing'], packages: ['*'] }

const files = ['src', 'services', 'test', 'demo', 'examples', 'bench']
  .flatMap(filesIn)
  .filter((path) => path.endsWith('.ts'))

/** Specifiers of static imports and re-exports, and of `import()`. Type-only ones count too: an arrow is an arrow. */
function importsOf(path: string): string[] {
  const code = textOf(path).replace(/\/\*.*?\*\//gs, '')
  const fixed = code.matchAll(/^\s*(?:import|export)\s(?:[^'"=();]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)
  const dynamic = code.matchAll(/^(?!\s*\/\/).*?\bimport\(\s*['"]([^'"]+)['"]/gm)
  return [...fixed, ...dynamic].map(([, specifier]) => specifier!)
}

const lies = (path: string, area: string): boolean => path === area || path.startsWith(`${area}/`)

function areaOf(path: string): string | undefined {
  return Object.keys(rules).find((area) => lies(path, area))
}

function problemsOf(path: string): string[] {
  const area = areaOf(path)
  if (area === undefined) return [`${path} lies in no area that import-rules.test.ts knows`]
  const own = rules[area]!
  const isTest = path.endsWith('.test.ts')
  const areas = [area, ...own.areas, ...(isTest ? forTests.areas : [])]
  const packages = [...own.packages, ...(isTest ? forTests.packages : [])]
  return importsOf(path).flatMap((specifier) => {
    if (!specifier.startsWith('.')) {
      const name = specifier.startsWith('node:') ? 'node:' : specifier
      return packages.includes('*') || packages.includes(name)
        ? []
        : [`${path} imports the package ${specifier}`]
    }
    const target = posix.join(posix.dirname(path), specifier)
    if (areas.some((allowed) => lies(target, allowed))) return []
    return [`${path} imports ${target}; ${area} may import only ${areas.join(', ')}`]
  })
}

describe('import rules', () => {
  test('the table names every folder of the source, and each holds files', () => {
    const folders = filesIn('src/core').map((path) => path.split('/')[2]!)
    expect(new Set(folders)).toEqual(new Set(coreOrder))
    const sources = filesIn('src/sources').map((path) => path.split('/').slice(0, 3).join('/'))
    expect(Object.keys(rules)).toEqual(expect.arrayContaining(sources))
    for (const area of Object.keys(rules)) {
      expect(files.filter((path) => areaOf(path) === area).length, `files of ${area}`).toBeGreaterThan(0)
    }
  })

  test('the reader of imports sees every form of import', () => {
    expect(importsOf('test/project/import-rules.test.ts')).toEqual([
      'node:path',
      'vitest',
      './source-tree.ts',
    ])
    expect(files.flatMap(importsOf).length).toBeGreaterThan(files.length)
  })

  test('imports go only where they may', () => {
    expect(files.flatMap(problemsOf)).toEqual([])
  })

  test('nothing in the source imports the package root', () => {
    const importers = files.filter(
      (path) =>
        path.startsWith('src/') &&
        !path.endsWith('.test.ts') &&
        importsOf(path).some((to) => to.startsWith('pg-capture') || /(^|\/)index\.[jt]s$/.test(to)),
    )
    expect(importers).toEqual([])
  })

  test('core and stores load nothing at run time: no import() and no require', () => {
    const loaders = files
      .filter((path) => /^src\/(core|stores)\//.test(path) && !path.endsWith('.test.ts'))
      .filter((path) => /^(?!\s*(?:\/\/|\*)).*\b(?:import|require)\s*\(/m.test(textOf(path)))
    expect(loaders).toEqual([])
  })
})

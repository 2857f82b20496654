import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import viteConfig from '../../vitest.config.ts'
import { absolute, filesIn, textOf } from './source-tree.ts'

interface Entry {
  /** `pg-capture` or `pg-capture/sources/pgoutput`: what a user writes. */
  readonly specifier: string
  readonly types: string
  readonly source: string
}

const entries: Entry[] = Object.entries(packageJson.exports).flatMap(([key, target]) =>
  typeof target === 'string'
    ? []
    : [
        {
          specifier: `pg-capture${key.slice(1)}`,
          types: target.types,
          source: target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts'),
        },
      ],
)

// tsconfig.json holds no comments, so that plain JSON.parse reads it.
const paths = (
  JSON.parse(textOf('tsconfig.json')) as { compilerOptions: { paths: Record<string, string[]> } }
).compilerOptions.paths

function aliasOf(specifier: string): string | undefined {
  const aliases = viteConfig.resolve?.alias
  if (!Array.isArray(aliases)) throw new TypeError('vitest.config.ts should give its aliases as a list')
  const matching = aliases.find(({ find }: { find: string | RegExp }) =>
    typeof find === 'string' ? find === specifier : find.test(specifier),
  )
  return (matching as { replacement: string } | undefined)?.replacement
}

describe('exports map', () => {
  test('there are entry points, and package.json itself is one', () => {
    expect(entries.length).toBeGreaterThanOrEqual(2)
    expect(packageJson.exports).toHaveProperty(['./package.json'], './package.json')
  })

  test.each(entries)('$specifier is built from a source file that exists', ({ source, types }) => {
    expect(existsSync(absolute(source)), source).toBe(true)
    expect(types).toBe(source.replace('src/', './dist/').replace(/\.ts$/, '.d.ts'))
  })

  test.each(entries)(
    '$specifier means its source for the compiler and for vitest',
    ({ specifier, source }) => {
      expect(paths[specifier]).toEqual([`./${source}`])
      expect(aliasOf(specifier)).toBe(absolute(source))
    },
  )

  test('the compiler knows no entry point that package.json lacks', () => {
    expect(new Set(Object.keys(paths))).toEqual(new Set(entries.map(({ specifier }) => specifier)))
  })

  test('every source has an entry point', () => {
    const names = new Set(filesIn('src/sources').map((path) => path.split('/')[2]!.replace(/\.ts$/, '')))
    const specifiers = entries.map(({ specifier }) => specifier)
    expect(specifiers).toEqual(expect.arrayContaining([...names].map((name) => `pg-capture/sources/${name}`)))
  })

  test('the public surface of each entry point is committed', () => {
    const snapshots = filesIn('api')
    for (const { specifier } of entries) {
      const name = specifier === 'pg-capture' ? 'index' : specifier.replace('pg-capture/', '')
      expect(snapshots).toContain(`api/${name}.snapshot.d.ts`)
      expect(snapshots).toContain(`api/${name}.snapshot.js`)
    }
  })
})

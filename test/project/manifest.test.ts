import { describe, expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { textOf } from './source-tree.ts'

interface LockedPackage {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly hasInstallScript?: boolean
}

const locks = ['package-lock.json', 'services/postgres-versions/package-lock.json'].map((file) => {
  const { packages } = JSON.parse(textOf(file)) as { packages: Record<string, LockedPackage> }
  return { file, packages }
})

/** What Node would find where a package is required from another one. */
function located(
  packages: Record<string, LockedPackage>,
  from: string,
  name: string,
): LockedPackage | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const found = packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`]
    if (found !== undefined || folder === '') return found
  }
}

function isOf(wanted: string, found: LockedPackage | undefined): boolean {
  if (found?.version === undefined) return false
  return /^\d+\.\d+\.\d/.test(wanted) ? found.version === wanted : true
}

describe('package.json', () => {
  test('asks users for no dependency, and runs nothing on their machine', () => {
    expect(packageJson).not.toHaveProperty('dependencies')
    expect(packageJson).not.toHaveProperty('optionalDependencies')
    expect(Object.keys(packageJson.scripts)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(pre|post)?(un)?install$|^prepare$/)]),
    )
    for (const peer of Object.keys(packageJson.peerDependencies)) {
      expect(packageJson.peerDependenciesMeta).toHaveProperty([peer], { optional: true })
    }
  })

  test('pins its tools exactly', () => {
    expect(Object.values(packageJson.devDependencies).filter((version) => !/^\d/.test(version))).toEqual([])
  })

  test('says of every install script in the tree that it is not needed', () => {
    const scripted = Object.entries(locks[0]!.packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
    expect(Object.keys(packageJson.allowScripts)).toEqual(expect.arrayContaining(scripted))
    expect(new Set(Object.values(packageJson.allowScripts))).toEqual(new Set([false]))
  })
})

describe.each(locks)('$file', ({ packages }) => {
  const installed = Object.entries(packages).filter(([path]) => path !== '')

  test('names no registry, and holds a checksum for each package', () => {
    expect(installed.length).toBeGreaterThan(0)
    expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
    expect(installed.filter(([, { integrity }]) => integrity === undefined)).toEqual([])
  })

  // `npm ci` refuses a lock file in which the package for another platform is missing.
  test('holds the packages for every platform', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.entries(optionalDependencies)
        .filter(([name, wanted]) => !isOf(wanted, located(packages, path, name)))
        .map(([name, wanted]) => `${path} › ${name}@${wanted}`),
    )
    expect(missing).toEqual([])
  })
})

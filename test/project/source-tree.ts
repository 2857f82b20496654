import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** Folders and files that git ignores; read from `.gitignore`, so the tests also run where git is not installed. */
const ignored: RegExp[] = readFileSync(join(root, '.gitignore'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) =>
    line
      .replace(/^\/|\/$/g, '')
      .replaceAll('.', String.raw`\.`)
      .replaceAll('*', '[^/]*'),
  )
  .map((pattern) => new RegExp(`(^|/)${pattern}(/|$)`))

/** Paths of the repository's files below a folder (`''` is all), relative to the root, with `/` between the parts. */
export function filesIn(folder: string): string[] {
  const found: string[] = []
  const walk = (path: string): void => {
    for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
      const child = path === '' ? entry.name : `${path}/${entry.name}`
      if (entry.name === '.git' || ignored.some((pattern) => pattern.test(child))) continue
      if (entry.isDirectory()) walk(child)
      else found.push(child.replaceAll(sep, '/'))
    }
  }
  walk(folder)
  return found.sort()
}

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Absolute path of a file of the repository. */
export function absolute(path: string): string {
  return join(root, path)
}

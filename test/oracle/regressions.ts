import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Script } from './script.ts'

const folder = fileURLToPath(new URL('regressions/', import.meta.url))

/** A failure that was found once: what was wrong then, and how to see it again. */
export interface Regression {
  readonly problems: readonly string[]
  readonly script: Script
}

/** The filed failures, by file name. */
export function readRegressions(): { name: string; script: Script }[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return names.sort().map((name) => {
    const { script } = JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as Regression
    return { name, script }
  })
}

/** Files a failure and gives the path of its file. */
export function fileRegression(name: string, regression: Regression): string {
  mkdirSync(folder, { recursive: true })
  const path = `${folder}${name}.json`
  writeFileSync(path, `${JSON.stringify(regression, null, 2)}\n`)
  return path
}

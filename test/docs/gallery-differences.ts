import { isDeepStrictEqual } from 'node:util'

/** One place where an object differs from what it was. */
export interface Difference {
  /** Such as `authors[0].city`. */
  readonly path: string
  /** Absent where something has come. */
  readonly old?: unknown
  /** Absent where something has gone. */
  readonly new?: unknown
}

/** What changed between two JSON values, at the deepest place that says it; in arrays by position, or else by element. */
export function differences(old: unknown, now: unknown, path = ''): Difference[] {
  if (isDeepStrictEqual(old, now)) return []
  if (Array.isArray(old) && Array.isArray(now)) return arrayDifferences(old, now, path)
  if (isObject(old) && isObject(now)) {
    const names = new Set([...Object.keys(old), ...Object.keys(now)])
    return [...names].flatMap((name) => differences(old[name], now[name], path ? `${path}.${name}` : name))
  }
  return [{ path, old, new: now }]
}

function arrayDifferences(old: readonly unknown[], now: readonly unknown[], path: string): Difference[] {
  const gone = old.filter((element) => !now.some((other) => isDeepStrictEqual(element, other)))
  const come = now.filter((element) => !old.some((other) => isDeepStrictEqual(element, other)))
  if (gone.length + come.length === 0) return [{ path, old, new: now }]
  if (old.length === now.length && [...gone, ...come].every(isObject)) {
    return now.flatMap((element, at) => differences(old[at], element, `${path}[${at}]`))
  }
  return [
    ...gone.map((element) => ({ path, old: element })),
    ...come.map((element) => ({ path, new: element })),
  ]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

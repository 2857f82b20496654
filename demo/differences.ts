/** One place where an object differs from what it was. */
export interface Difference {
  /** Such as `author.name`, or `books#emma.tags`: elements of an array are told apart by their `id`. */
  readonly path: string
  /** Absent where something has come. */
  readonly old?: unknown
  /** Absent where something has gone. */
  readonly new?: unknown
}

/** What changed between two JSON values, at the deepest place that says it. Arrays count as sets: their order is nobody's. */
export function differences(old: unknown, now: unknown, path = ''): Difference[] {
  if (Array.isArray(old) && Array.isArray(now)) return arrayDifferences(old, now, path)
  if (isObject(old) && isObject(now)) {
    const names = new Set([...Object.keys(old), ...Object.keys(now)])
    return [...names].flatMap((name) => differences(old[name], now[name], path ? `${path}.${name}` : name))
  }
  return canonical(old) === canonical(now) ? [] : [{ path, old, new: now }]
}

function arrayDifferences(old: readonly unknown[], now: readonly unknown[], path: string): Difference[] {
  const before = new Map(old.map((element) => [keyOf(element), element]))
  const after = new Map(now.map((element) => [keyOf(element), element]))
  if (before.size < old.length || after.size < now.length) return duplicates(old, now, path)
  return [
    ...[...before].filter(([key]) => !after.has(key)).map(([, element]) => ({ path, old: element })),
    ...[...after].filter(([key]) => !before.has(key)).map(([, element]) => ({ path, new: element })),
    ...[...before].flatMap(([key, element]) =>
      after.has(key) ? differences(element, after.get(key), `${path}#${key}`) : [],
    ),
  ]
}

function duplicates(old: readonly unknown[], now: readonly unknown[], path: string): Difference[] {
  return canonical(old) === canonical(now) ? [] : [{ path, old, new: now }]
}

function keyOf(element: unknown): string {
  return isObject(element) && 'id' in element ? String(element['id']) : canonical(element)
}

/** A text that is the same for equal values, whatever the order of arrays and properties. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join()}]`
  if (!isObject(value)) return JSON.stringify(value) ?? 'nothing'
  const names = Object.keys(value).sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

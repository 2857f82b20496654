import { introspection, type OutputTree } from 'pg-capture'
import { rootNames, roots } from './bookshop.ts'
import type { Difference } from './differences.ts'
import type { Comparison } from './fresh-evaluation.ts'
import type { Entry } from './journal.ts'
import type { ObjectChange } from './replica.ts'
import { noBreakSpace, type Screen, type Span } from './screen.ts'
import { count, showId, showProperties, showValue } from './values.ts'

/** Further groups and ids are only counted. Nothing in the story comes near. */
const MOST_GROUPS = 40
const MOST_IDS = 30

/** What the two kinds of objects look like. */
export function showRoots(screen: Screen): void {
  for (const root of rootNames) {
    screen.flow(2, [['bold', column(root)], shapeOf(introspection(roots[root]).output)], { hanging: 8 })
  }
}

export function showSql(screen: Screen, sql: string): void {
  for (const line of sql.trim().split('\n')) screen.line('    ', ['cyan', line])
  screen.line()
}

/** What went in and what came out; objects that changed in the same way are told together. */
export function showEntry(screen: Screen, { rowEvents, changes }: Entry): void {
  const outcome = changes.length === 0 ? 'no object change' : count(changes.length, 'object change')
  screen.flow(2, [count(rowEvents, 'row event'), ['dim', '→'], ['bold', outcome]])
  const groups = alike(changes)
  for (const group of groups.slice(0, MOST_GROUPS)) showGroup(screen, group)
  if (groups.length > MOST_GROUPS) screen.flow(2, [['dim', `… and ${groups.length - MOST_GROUPS} more`]])
}

export function showComparison(screen: Screen, { root, inReplica, inTables, unequal }: Comparison): void {
  const verdict: Span = unequal.length === 0 ? ['green', 'equal'] : ['red', `${unequal.length} not equal`]
  screen.flow(2, [['bold', column(root)], `${inReplica} in the replica, ${inTables} in the tables:`, verdict])
  for (const { id, differences } of unequal.slice(0, 5)) {
    screen.flow(4, [
      ['bold', `${root} ${showId(id)}`],
      ['dim', '(replica → tables)'],
    ])
    for (const difference of differences) screen.flow(6, spansOf(difference), { hanging: 2 })
  }
}

/** The sums; the first entry is the seed, whose objects are built on cold connections. */
export function showTotals(screen: Screen, entries: readonly Entry[]): void {
  const sum = (of: (entry: Entry) => number): number => entries.reduce((total, entry) => total + of(entry), 0)
  const transactions = sum((entry) => entry.transactions)
  const rowEvents = sum((entry) => entry.rowEvents)
  const changes = sum((entry) => entry.changes.length)
  screen.flow(2, [
    `${count(transactions, 'transaction')}, ${count(rowEvents, 'row event')}`,
    ['dim', '→'],
    count(changes, 'object change'),
  ])

  const times = entries
    .slice(1)
    .flatMap((entry) => entry.changes.map(({ milliseconds }) => milliseconds))
    .sort((a, b) => a - b)
  const median = times[Math.floor(times.length / 2)] ?? 0
  screen.flow(2, [
    `from commit to change: median ${median} ms, longest ${times.at(-1) ?? 0} ms, without the seed`,
  ])
}

function alike(changes: readonly ObjectChange[]): ObjectChange[][] {
  const groups = new Map<string, ObjectChange[]>()
  for (const change of changes) {
    const { root, kind, id, differences } = change
    const manner = JSON.stringify(kind === 'new' ? [root, id] : [root, kind, differences])
    const group = groups.get(manner)
    if (group) group.push(change)
    else groups.set(manner, [change])
  }
  return [...groups.values()]
}

function showGroup(screen: Screen, group: readonly ObjectChange[]): void {
  const [first] = group
  if (first === undefined) return
  const { root, kind, differences } = first
  const action: Span = kind === 'delete' ? ['red', 'delete'] : ['green', 'upsert']
  const slowest = Math.max(...group.map(({ milliseconds }) => milliseconds))
  screen.flow(2, [action, ['bold', nameOf(group)], ...(kind === 'new' ? [['dim', '(new)'] as const] : [])], {
    hanging: 7,
    right: `${slowest} ms`,
  })
  if (kind === 'new') {
    const properties = differences.map(({ path, new: value }) => [path, value] as const)
    screen.flow(9, [['green', showProperties(properties)]], { hanging: 1 })
  } else if (kind === 'upsert') {
    for (const difference of differences) screen.flow(9, spansOf(difference), { hanging: 2 })
    if (differences.length === 0) screen.flow(9, [['dim', `the same ${root} as before`]])
  }
}

function nameOf(group: readonly ObjectChange[]): string {
  const root = group[0]?.root ?? ''
  const ids = group.slice(0, MOST_IDS).map(({ id }) => showId(id))
  if (group.length > MOST_IDS) ids.push(`… ${group.length - MOST_IDS} more`)
  return group.length === 1 ? `${root} ${ids.join()}` : `${group.length} ${root}s: ${ids.join(', ')}`
}

function spansOf({ path, old, new: now }: Difference): Span[] {
  if (old === undefined) return [path, ['green', `+${noBreakSpace}${showValue(now)}`]]
  if (now === undefined) return [path, ['red', `−${noBreakSpace}${showValue(old)}`]]
  return [`${path}:`, ['red', showValue(old)], ['dim', '→'], ['green', showValue(now)]]
}

function shapeOf(output: OutputTree): string {
  switch (output.type) {
    case 'column':
      return output.column
    case 'array':
      // An array of bare values does not say of what: `[tag.name]`.
      return output.items.type === 'column'
        ? `[${output.items.table}.${output.items.column}]`
        : `[${shapeOf(output.items)}]`
    case 'object': {
      const properties = Object.entries(output.properties).map(([name, of]) => {
        const isPlain = of.type === 'column' && of.column === name
        return isPlain
          ? name
          : `${name}:${noBreakSpace}${of.type === 'column' ? `${of.table}.` : ''}${shapeOf(of)}`
      })
      return `{${properties.join(', ')}}`
    }
    case 'expression':
      return output.sql
    case 'aggregate':
      return output.of === undefined ? output.function : `${output.function} ${shapeOf(output.of)}`
    default:
      return output satisfies never
  }
}

function column(root: string): string {
  return root.padEnd(7, noBreakSpace)
}

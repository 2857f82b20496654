import fc from 'fast-check'

/** A number as its digits, since JavaScript would round some. */
export class NumberOf {
  readonly digits: string

  constructor(digits: string) {
    this.digits = digits
  }
}

export type TrueValue = null | string | NumberOf | { readonly n: NumberOf }
export type TrueRow = Readonly<Record<string, TrueValue>>

/** A change of a row, and how it is told. */
export interface Change {
  readonly table: string
  /** The columns and their types. */
  readonly columns: Readonly<Record<string, string>>
  readonly key: readonly string[]
  readonly before: TrueRow | null
  readonly after: TrueRow | null
  readonly identity: 'full' | 'default'
  /** Whether the adapter is told the identity. */
  readonly isTold: boolean
  /** Columns of the new row that lie out of line and did not change. */
  readonly toasted: readonly string[]
  /** Whether the producer marks those. */
  readonly isMarked: boolean
}

const table = {
  table: 't',
  columns: { id: 'int8', link: 'text', title: 'text', copies: 'int4', score: 'float8', doc: 'jsonb' },
  key: ['id'],
}
const columnNames = Object.keys(table.columns)

/** JSON with every digit. */
export function jsonText(value: unknown): string {
  if (value instanceof NumberOf) return value.digits
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${jsonText(member)}`).join(',')}}`
}

/** Whether a value is one and the same before and after. */
export function isKept(change: Change, column: string): boolean {
  return jsonText(change.before?.[column]) === jsonText(change.after?.[column])
}

/** Whether this is no UPDATE of the key. */
export function keepsItsKey(change: Change): boolean {
  return (
    change.before === null || change.after === null || change.key.every((column) => isKept(change, column))
  )
}

const digits = (...choices: string[]): fc.Arbitrary<NumberOf> =>
  fc.constantFrom(...choices).map((choice) => new NumberOf(choice))
const orNull = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.oneof(value, value, fc.constant(null))

const row: fc.Arbitrary<TrueRow> = fc.record({
  id: digits('1', '2', '9007199254740992', '9007199254740993'),
  link: orNull(fc.constantFrom('', 'a', 'b')),
  title: fc.constantFrom('', 'a', 'b'),
  copies: digits('0', '3', '4'),
  score: orNull(fc.oneof(digits('1.5', '0.30000000000000004'), fc.constant('NaN'))),
  doc: orNull(fc.record({ n: digits('1', '1.0', '9007199254740992', '9007199254740993') })),
})

/** Changes of few values, so that many are small ones, and many values are equal where they may be confused. */
export function changes(): fc.Arbitrary<Change> {
  return fc
    .record({
      before: fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 5, arbitrary: row }),
      after: fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 5, arbitrary: row }),
      kept: fc.subarray(columnNames),
      outOfLine: fc.subarray(['link', 'title', 'doc']),
      identity: fc.constantFrom('full' as const, 'default' as const),
      isTold: fc.boolean(),
      isMarked: fc.boolean(),
    })
    .filter(({ before, after }) => before !== null || after !== null)
    .map(({ kept, outOfLine, ...change }) => {
      const { before, after } = change
      if (before === null || after === null) return { ...table, ...change, toasted: [] }
      const unchanged = Object.fromEntries(kept.map((column) => [column, before[column]!]))
      const toasted = outOfLine.filter((column) => kept.includes(column) && before[column] !== null)
      return { ...table, ...change, after: { ...after, ...unchanged }, toasted }
    })
}

/** A row that is new, and has nothing that a format could not hold. */
export function insertions(): fc.Arbitrary<Change> {
  return row.map((whole) => ({
    ...table,
    before: null,
    after: { ...whole, score: new NumberOf('1.5'), doc: { n: new NumberOf('1') } },
    identity: 'default',
    isTold: false,
    toasted: [],
    isMarked: false,
  }))
}

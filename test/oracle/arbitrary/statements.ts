import type { Statement } from '../script.ts'
import { plainValues } from './column-types.ts'
import { partitionNames, primaryKeyOf } from './division.ts'
import type { PromisedLink } from './promised-links.ts'
import { literal, quoted, quotedTable } from './names.ts'
import type { Picks } from './picks.ts'
import { keyOf } from './table-sql.ts'
import type { ColumnModel, TableModel } from './table-model.ts'

const weights = {
  insert: 14,
  'insert several': 4,
  'insert or update': 6,
  'insert or nothing': 3,
  'update shown': 8,
  'update shown of several': 4,
  'update several columns': 5,
  'update unread': 3,
  'update to the same': 2,
  'move link': 16,
  'move links': 4,
  'move to another partition': 5,
  'change key': 9,
  'swap keys': 2,
  'change code': 4,
  delete: 9,
  'delete several': 3,
  reinsert: 6,
  'reinsert in one statement': 4,
  'reinsert behind a promise': 4,
  truncate: 2,
  'truncate a partition': 2,
} as const

type Kind = keyof typeof weights

/** The tables that statements choose from. */
export interface TableChoice {
  readonly all: readonly TableModel[]
  /** Those that the schema reads. */
  readonly read: readonly TableModel[]
  /** The foreign keys that it promises, behind which a row may come back. */
  readonly promised: readonly PromisedLink[]
  readonly mayTruncatePartitions: boolean
}

/** The statements, mostly one, of one thing that happens to a table. */
export function statementsOf(
  { all, read, promised, mayTruncatePartitions }: TableChoice,
  picks: Picks,
): Statement[] {
  const drawn = picks.weighted(weights)
  const divided = read.filter(({ division }) => division !== null)
  const ofPartitions = drawn === 'move to another partition' || drawn === 'truncate a partition'
  const isPossible =
    (drawn !== 'reinsert behind a promise' || promised.length > 0) &&
    (!ofPartitions || divided.length > 0) &&
    (drawn !== 'truncate a partition' || mayTruncatePartitions)
  const wanted = isPossible ? drawn : 'move link'
  // Putting a row back matters where others keep pointing to it.
  const referenced = wanted.startsWith('reinsert')
    ? read.filter((table) => pointingTo(table, all).length > 0)
    : []
  const near = ofPartitions && isPossible ? divided : referenced.length > 0 ? referenced : read
  const promise = wanted === 'reinsert behind a promise' ? picks.of(promised) : undefined
  const table = promise?.to ?? (picks.chance(85) || near === divided ? picks.of(near) : picks.of(all))
  // No constraint tells of a conflict.
  const kind = wanted === 'insert or update' && primaryKeyOf(table).length === 0 ? 'insert' : wanted
  const mode = picks.weighted({ guarded: 60, plain: 32, undone: 8 })
  const sql = new TableWriter(table, all, picks, promise).sql(kind)
  return sql.map((text) => ({ kind, table: `${table.schema}.${table.table}`, sql: text, mode }))
}

/**
 * Lets rows of one table point to a row, and then that row be deleted and come back, changed, in one transaction: two
 * transactions. Nothing where the schema promises no foreign key that allows it and makes a difference.
 */
export function comingBack(
  { all, promised }: TableChoice,
  picks: Picks,
): readonly [Statement[], Statement[]] | undefined {
  const telling = promised.filter(({ isOnlyPromised }) => isOnlyPromised)
  if (telling.length === 0) return undefined
  const promise = picks.of(telling)
  const written = new TableWriter(promise.to, all, picks, promise).comingBack()
  const statement = (kind: string, table: TableModel, sql: string): Statement => ({
    kind,
    table: `${table.schema}.${table.table}`,
    sql,
    mode: 'guarded',
  })
  return [
    [
      statement('insert or nothing', promise.to, written.insert),
      statement('move links', promise.from, written.point),
    ],
    written.back.map((sql) => statement('reinsert behind a promise', promise.to, sql)),
  ]
}

/** The columns with a foreign key to the table. */
function pointingTo(
  table: TableModel,
  all: readonly TableModel[],
): { from: TableModel; link: ColumnModel }[] {
  return all.flatMap((from) =>
    from.columns
      .filter(({ target, foreignKey }) => foreignKey !== null && target?.table === table)
      .map((link) => ({ from, link })),
  )
}

class TableWriter {
  readonly #table: TableModel
  readonly #all: readonly TableModel[]
  readonly #name: string
  readonly #key: ColumnModel
  readonly #picks: Picks
  /** Whose row comes back. */
  readonly #promise: PromisedLink | undefined

  constructor(table: TableModel, all: readonly TableModel[], picks: Picks, promise?: PromisedLink) {
    this.#promise = promise
    this.#table = table
    this.#all = all
    this.#name = quotedTable(table)
    this.#key = keyOf(table)
    this.#picks = picks
  }

  sql(kind: Kind): string[] {
    const picks = this.#picks
    switch (kind) {
      case 'insert':
        return [`${this.#insert()} ${this.#row()}`]
      case 'insert several':
        return [`${this.#insert()} ${this.#row()}, ${this.#row()}, ${this.#row()}`]
      case 'insert or update':
        return [
          `${this.#insert()} ${this.#row()} ON CONFLICT (${this.#primaryKey()}) DO UPDATE SET ${this.#excluded()}`,
        ]
      case 'insert or nothing':
        return [`${this.#insert()} ${this.#row()}, ${this.#row()} ON CONFLICT DO NOTHING`]
      case 'update shown':
        return [this.#update(this.#withRole('shown').slice(0, 1), this.#oneRow())]
      case 'update shown of several':
        return [this.#update(this.#withRole('shown').slice(0, 1), this.#someRows())]
      case 'update several columns':
        return [
          this.#update(
            this.#table.columns.filter(() => picks.chance(40)),
            this.#oneRow(),
          ),
        ]
      case 'update unread':
        return [this.#update(this.#withRole('unread'), this.#someRows())]
      case 'update to the same':
        return [`UPDATE ${this.#name} SET ${quoted(this.#key.name)} = ${quoted(this.#key.name)}`]
      case 'move link':
        return [this.#update(this.#oneLink(), this.#oneRow())]
      case 'move links':
        return [this.#update(this.#oneLink(), this.#someRows())]
      case 'move to another partition': {
        const by = this.#table.division?.column ?? this.#key
        const where = by === this.#key || picks.chance(60) ? this.#oneRow() : this.#someRows()
        return [this.#update([by], where)]
      }
      case 'change key':
        return [this.#update([this.#key], this.#oneRow())]
      case 'swap keys':
        return this.#swapKeys()
      case 'change code':
        return [this.#update(this.#withRole('code'), this.#oneRow())]
      case 'delete':
        return [`DELETE FROM ${this.#name} WHERE ${this.#oneRow()}`]
      case 'delete several':
        return [`DELETE FROM ${this.#name} WHERE ${this.#someRows()}`]
      case 'reinsert':
        return this.#reinsert()
      case 'reinsert in one statement':
        return [this.#reinsertInOneStatement()]
      case 'reinsert behind a promise':
        return this.#isDeferred() && picks.chance(50) ? this.#reinsert() : [this.#reinsertInOneStatement()]
      case 'truncate':
        return [`TRUNCATE ${this.#name}${picks.chance(70) ? ' CASCADE' : ''}`]
      case 'truncate a partition': {
        const name = picks.of(partitionNames(this.#table, this.#table.division?.bounds.length ?? 0))
        const partition = quotedTable({ schema: this.#table.schema, table: name })
        return [`TRUNCATE ${partition}${picks.chance(70) ? ' CASCADE' : ''}`]
      }
      default:
        return kind satisfies never
    }
  }

  comingBack(): { insert: string; point: string; back: string[] } {
    const { from, link } = this.#promise as PromisedLink
    const column = link.target?.column ?? this.#key
    const value = literal(this.#picks.of(plainValues(column.type)), column.type.cast)
    const where = `${quoted(column.name)} = ${value}`
    return {
      insert: `${this.#insert()} ${this.#row(value, column)} ON CONFLICT DO NOTHING`,
      point: `UPDATE ${quotedTable(from)} SET ${quoted(link.name)} = ${value}`,
      back:
        this.#isDeferred() && this.#picks.chance(50)
          ? [`DELETE FROM ${this.#name} WHERE ${where}`, `${this.#insert()} ${this.#row(value, column)}`]
          : [this.#reinsertInOneStatement(where)],
    }
  }

  #insert(): string {
    return `INSERT INTO ${this.#name} (${this.#table.columns.map(({ name }) => quoted(name)).join(', ')}) VALUES`
  }

  #row(value?: string, of: ColumnModel = this.#key): string {
    const values = this.#table.columns.map((column) =>
      column === of && value !== undefined ? value : this.#value(column),
    )
    return `(${values.join(', ')})`
  }

  #primaryKey(): string {
    const names = primaryKeyOf(this.#table).map(({ name }) => quoted(name))
    return names.join(', ')
  }

  #excluded(): string {
    const others = this.#table.columns.slice(1)
    return others.map(({ name }) => `${quoted(name)} = excluded.${quoted(name)}`).join(', ')
  }

  #update(columns: readonly ColumnModel[], where: string): string {
    const set = columns.length > 0 ? columns : this.#withRole('unread')
    const assignments = set.map((column) => `${quoted(column.name)} = ${this.#value(column)}`)
    return `UPDATE ${this.#name} SET ${assignments.join(', ')} WHERE ${where}`
  }

  #swapKeys(): string[] {
    const [one, two, free] = this.#picks.shuffled(this.#key.type.values)
    const move = (from: string | undefined, to: string | undefined): string =>
      `UPDATE ${this.#name} SET ${quoted(this.#key.name)} = ${this.#keyLiteral(to)} WHERE ${this.#isKey(from)}`
    return [move(one, free), move(two, one), move(free, two)]
  }

  #reinsert(): string[] {
    const key = this.#plainKey()
    const where = `${quoted(this.#key.name)} = ${key}`
    return [`DELETE FROM ${this.#name} WHERE ${where}`, `${this.#insert()} ${this.#row(key)}`]
  }

  #reinsertInOneStatement(where: string = this.#referencedRows()): string {
    const names = this.#table.columns.map(({ name }) => quoted(name)).join(', ')
    const values = this.#table.columns.map((column) =>
      this.#picks.chance(column.role === 'shown' ? 80 : 15) && column !== this.#key
        ? this.#value(column)
        : quoted(column.name),
    )
    return (
      `WITH gone AS (DELETE FROM ${this.#name} WHERE ${where} RETURNING *) ` +
      `INSERT INTO ${this.#name} (${names}) SELECT ${values.join(', ')} FROM gone`
    )
  }

  #oneRow(): string {
    return `${quoted(this.#key.name)} = ${this.#plainKey()}`
  }

  /** Those that rows of another table point to, where a table does. */
  #referencedRows(): string {
    const links = this.#promise === undefined ? pointingTo(this.#table, this.#all) : [this.#promise]
    if (links.length === 0 || this.#picks.chance(this.#promise === undefined ? 30 : 10)) return this.#oneRow()
    const { from, link } = this.#picks.of(links)
    const column = quoted(link.target?.column.name ?? this.#key.name)
    return `${column} IN (SELECT ${quoted(link.name)} FROM ${quotedTable(from)})`
  }

  /** Whether the row may be away between two statements. */
  #isDeferred(): boolean {
    return this.#promise?.link.foreignKey?.includes('DEFERRED') === true
  }

  #someRows(): string {
    const links = this.#withRole('link')
    if (links.length === 0 || this.#picks.chance(25)) return 'true'
    const link = this.#picks.of(links)
    if (this.#picks.chance(20)) return `${quoted(link.name)} IS NULL`
    return `${quoted(link.name)} = ${literal(this.#picks.of(plainValues(link.type)), link.type.cast)}`
  }

  #oneLink(): ColumnModel[] {
    const links = this.#withRole('link')
    return links.length === 0 ? [] : [this.#picks.of(links)]
  }

  #withRole(role: ColumnModel['role']): ColumnModel[] {
    return this.#table.columns.filter((column) => column.role === role)
  }

  #plainKey(): string {
    return this.#keyLiteral(this.#picks.of(plainValues(this.#key.type)))
  }

  #isKey(value: string | undefined): string {
    return `${quoted(this.#key.name)} = ${this.#keyLiteral(value)}`
  }

  #keyLiteral(value: string | undefined): string {
    return literal(value ?? null, this.#key.type.cast)
  }

  #value({ role, type, notNull, foreignKey }: ColumnModel): string {
    const picks = this.#picks
    if (!notNull && picks.chance(role === 'link' ? 12 : 20)) return literal(null, type.cast)
    const isOdd = role === 'shown' || role === 'unread' || (foreignKey === null && picks.chance(20))
    return literal(picks.of(isOdd ? type.values : plainValues(type)), type.cast)
  }
}

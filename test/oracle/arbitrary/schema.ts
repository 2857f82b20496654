import fc from 'fast-check'
import type {
  Condition,
  Key,
  ManyToOneSchema,
  OneToManySchema,
  RootSchema,
  Schema,
  TableReference,
} from 'pg-capture'
import { aggregateOf } from './aggregate.ts'
import { conditionOn } from './condition.ts'
import { propertyName } from './names.ts'
import { orderOf } from './order.ts'
import { Picks } from './picks.ts'
import { singleValue } from './single-value.ts'
import { keyOf } from './table-sql.ts'
import type { ColumnModel, TableModel } from './table-model.ts'

/** What hangs below one place of a schema. */
export interface TreeChoices {
  readonly seed: number
  readonly children: readonly TreeChoices[]
}

const seed = fc.noShrink(fc.integer())
const DEPTH = 5

function treeArbitrary(depth: number): fc.Arbitrary<TreeChoices> {
  const children =
    depth === 0
      ? fc.constant([])
      : fc.array(treeArbitrary(depth - 1), { maxLength: depth >= DEPTH - 1 ? 3 : 2, size: 'max' })
  return fc.record({ seed, children })
}

export const schemaArbitrary: fc.Arbitrary<TreeChoices> = treeArbitrary(DEPTH)

export interface SchemaModel {
  readonly schema: RootSchema
  /** The columns whose old values are needed, by table. */
  readonly needed: ReadonlyMap<TableModel, ReadonlySet<string>>
}

export function schemaModel(choices: TreeChoices, tables: readonly TableModel[]): SchemaModel {
  const picks = new Picks(choices.seed)
  const writer = new SchemaWriter(tables)
  const root = picks.of(tables)
  // Mostly the key; any column that is never NULL and never twice can be it.
  const ids = root.columns.filter(
    ({ unique, notNull }) => ['always', 'by trigger'].includes(unique) && notNull,
  )
  const id = picks.chance(85) ? keyOf(root) : picks.of(ids)
  const others = root.columns.filter((column) => column.notNull && column !== id && column.family !== null)
  const key = others.length > 0 && picks.chance(60) ? picks.shuffled([id, picks.of(others)]) : [id]
  for (const { name } of key) writer.need(root, name)
  const value = picks.chance(12)
    ? writer.single(root, choices.children, picks)
    : writer.object(root, choices.children, picks)
  const schema = {
    table: reference(root, picks),
    primaryKey: keyNames(key, picks),
    schema: value,
    ...where(root, picks),
  }
  return { schema, needed: writer.needed }
}

class SchemaWriter {
  readonly needed = new Map<TableModel, Set<string>>()
  readonly #tables: readonly TableModel[]

  constructor(tables: readonly TableModel[]) {
    this.#tables = tables
  }

  need(table: TableModel, column: string): void {
    const columns = this.needed.get(table) ?? new Set()
    this.needed.set(table, columns.add(column))
  }

  /** Any kind of value: with one child often that child alone, so that relations stand directly in one another. */
  value(table: TableModel, children: readonly TreeChoices[], picks: Picks): Schema {
    return picks.chance(children.length === 0 ? 60 : children.length === 1 ? 55 : 20)
      ? this.single(table, children, picks)
      : this.object(table, children, picks)
  }

  single(table: TableModel, [child]: readonly TreeChoices[], picks: Picks): Schema {
    return child === undefined ? singleValue(table, picks) : this.#relation(table, child)
  }

  object(table: TableModel, children: readonly TreeChoices[], picks: Picks): Schema {
    const properties: [string, Schema][] = []
    const add = (name: string, value: Schema): void => {
      const taken = properties.map(([other]) => other)
      properties.push([propertyName(picks, name, taken), value])
    }
    if (picks.chance(60) || children.length === 0) add('a', singleValue(table, picks))
    if (picks.chance(25)) add('b', singleValue(table, picks))
    for (const child of children) {
      const inner = new Picks(child.seed ^ 0x5bd1e995)
      if (inner.chance(12)) add('o', this.object(table, child.children, inner))
      else add('r', this.#relation(table, child))
    }
    return { type: 'object', properties: Object.fromEntries(properties) }
  }

  #relation(table: TableModel, { seed: number, children }: TreeChoices): Schema {
    const picks = new Picks(number)
    const toOne = picks.chance(45)
    const link = this.#link(table, toOne, picks)
    if (link === null) return singleValue(table, picks)
    if (!toOne && picks.chance(20)) return this.#aggregate(link, picks)
    return this.#over(link, toOne, this.value(link.table, children, picks), picks)
  }

  #link(table: TableModel, toOne: boolean, picks: Picks): Link | null {
    const links = toOne ? this.#linksToOne(table) : this.#linksToMany(table)
    const declared = links.filter((link) => link.isDeclared)
    if (links.length === 0) return null
    return declared.length > 0 && picks.chance(85) ? picks.of(declared) : picks.of(links)
  }

  #over(link: Link, toOne: boolean, schema: Schema, picks: Picks): ManyToOneSchema | OneToManySchema {
    const { column: above, other: below } = this.#keys(link, picks)
    const other = reference(link.table, picks)
    if (!toOne) {
      const array: OneToManySchema = {
        type: 'one-to-many',
        column: above,
        referencingTable: other,
        referencingColumn: below,
        ...arrayOf(schema, picks),
        ...where(link.table, picks),
      }
      return { ...array, ...orderOf(array, link.table, picks) }
    }
    return {
      type: 'many-to-one',
      column: above,
      referencesTable: other,
      referencesColumn: below,
      hasFKConstraint:
        [above].flat().length === 1 &&
        link.from.foreignKey !== null &&
        pointsTo(link.from, link.table, link.to) &&
        picks.chance(80),
      schema,
      ...where(link.table, picks),
    }
  }

  /** Of the rows of the link, or of rows that hang on them. */
  #aggregate(link: Link, picks: Picks): Schema {
    const { column: above, other: below } = this.#keys(link, picks)
    const toOne = picks.chance(50)
    const further = picks.chance(40) ? this.#link(link.table, toOne, picks) : null
    const { name, of } = aggregateOf(further?.table ?? link.table, picks)
    const schema = of && further ? takenIn(this.#over(further, toOne, of, picks)) : of
    return {
      type: 'aggregate',
      function: name,
      column: above,
      referencingTable: reference(link.table, picks),
      referencingColumn: below,
      ...where(link.table, picks),
      ...(schema === undefined ? {} : { schema }),
    }
  }

  /** The columns that have to be equal: those of the link, and sometimes two more. A link by more columns is unique still. */
  #keys({ above, from, table, to }: Link, picks: Picks): { column: Key; other: Key } {
    const pairs = [{ from, to }]
    const more = this.#links(above, () => true).filter(
      (link) => link.table === table && link.from !== from && link.to !== to,
    )
    if (more.length > 0 && picks.chance(20)) pairs.push(picks.of(more))
    for (const pair of pairs) this.need(table, pair.to.name)
    const both = picks.shuffled(pairs)
    return {
      column: keyNames(
        both.map((pair) => pair.from),
        picks,
      ),
      other: keyNames(
        both.map((pair) => pair.to),
        picks,
      ),
    }
  }

  #linksToOne(table: TableModel): Link[] {
    return this.#links(table, (to) => to.unique !== 'no')
  }

  #linksToMany(table: TableModel): Link[] {
    return this.#links(table, () => true)
  }

  /** All pairs of columns that can be equal. Declared is what a table's link says, seen from either end. */
  #links(table: TableModel, accepts: (to: ColumnModel) => boolean): Link[] {
    return table.columns.flatMap((from) =>
      this.#tables.flatMap((other) =>
        other.columns
          .filter((to) => from.family !== null && to.family === from.family && accepts(to))
          .map((to) => ({
            above: table,
            from,
            table: other,
            to,
            isDeclared: pointsTo(from, other, to) || pointsTo(to, table, from),
          })),
      ),
    )
  }
}

interface Link {
  readonly above: TableModel
  readonly from: ColumnModel
  readonly table: TableModel
  readonly to: ColumnModel
  readonly isDeclared: boolean
}

function where(table: TableModel, picks: Picks): { where?: Condition } {
  return picks.chance(25) ? { where: conditionOn(table, picks) } : {}
}

/** An array with what it says of arrays and NULLs inside. What it takes in has no say any more. */
function arrayOf(schema: Schema, picks: Picks): Pick<OneToManySchema, 'schema' | 'flatten' | 'keepNulls'> {
  const flatten = picks.chance(25) ? { flatten: picks.chance(30) } : {}
  const keepNulls = picks.chance(25) ? { keepNulls: picks.chance(70) } : {}
  return { schema: flatten.flatten === false ? schema : takenIn(schema), ...flatten, ...keepNulls }
}

function takenIn(schema: Schema): Schema {
  if (schema.type === 'many-to-one') return { ...schema, schema: takenIn(schema.schema) }
  if (schema.type !== 'one-to-many') return schema
  const { keepNulls: _, ...array } = schema
  return array
}

function pointsTo({ target }: ColumnModel, table: TableModel, column: ColumnModel): boolean {
  return target !== null && target.table === table && target.column === column
}

/** One column may be named alone or in a list. */
function keyNames(columns: readonly ColumnModel[], picks: Picks): Key {
  const names = columns.map(({ name }) => name)
  const [only, ...others] = names
  return only !== undefined && others.length === 0 && picks.chance(90) ? only : names
}

/** One of the ways to name a table. */
function reference({ schema, table }: TableModel, picks: Picks): TableReference {
  if (schema === 'public') {
    if (picks.chance(30)) return picks.chance(50) ? { table } : { schema, table }
    return table.includes('.') ? `public.${table}` : table
  }
  return schema.includes('.') || picks.chance(30) ? { schema, table } : `${schema}.${table}`
}

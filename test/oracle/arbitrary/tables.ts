import fc from 'fast-check'
import { type Family, type KeyType, keyTypes, plainValues, shownTypes } from './column-types.ts'
import { divisionOf } from './division.ts'
import { columnName, tableNames } from './names.ts'
import { Picks } from './picks.ts'
import type { ColumnModel, TableModel } from './table-model.ts'

export interface TableChoices {
  readonly seed: number
  readonly links: readonly number[]
}

const seed = fc.noShrink(fc.integer())

export const tablesArbitrary: fc.Arbitrary<TableChoices[]> = fc.array(
  fc.record({ seed, links: fc.array(seed, { maxLength: 3, size: 'max' }) }),
  { minLength: 2, maxLength: 6, size: 'max' },
)

const familyWeights: Readonly<Record<Family, number>> = {
  number: 40,
  text: 18,
  uuid: 10,
  folded: 8,
  date: 6,
  time: 5,
  bytes: 5,
  char: 4,
  float: 4,
  address: 3,
  interval: 3,
  boolean: 1,
}

export function tableModels(choices: readonly TableChoices[], picks: Picks): TableModel[] {
  const names = picks.chance(50) ? tableNames : picks.shuffled(tableNames)
  const drawn = choices.map(({ seed: number }, index) => {
    const name = names[index]
    if (name === undefined) throw new RangeError('There are more tables than names.')
    const own = new Picks(number)
    const dividedBy = own.weighted({ nothing: 70, key: 10, another: 20 })
    const table: TableModel = { ...name, ...ownColumns(own, dividedBy), division: null }
    return { table, dividedBy, own }
  })
  const tables = drawn.map(({ table }) => table)
  choices.forEach(({ links }, index) => {
    for (const link of links) addLink(tables[index] as TableModel, tables, new Picks(link))
  })
  for (const { table, dividedBy, own } of drawn) {
    if (dividedBy !== 'nothing') table.division = divisionOf(table, dividedBy, own)
  }
  return tables
}

function ownColumns(
  picks: Picks,
  dividedBy: 'nothing' | 'key' | 'another',
): { columns: ColumnModel[]; seeded: number } {
  const columns: ColumnModel[] = []
  const add = (plain: string, column: Partial<ColumnModel> & Pick<ColumnModel, 'role' | 'type'>): void => {
    const name = columnName(
      picks,
      plain,
      columns.map((other) => other.name),
    )
    columns.push({
      family: null,
      notNull: false,
      unique: 'no',
      target: null,
      foreignKey: null,
      ...column,
      name,
    })
  }

  const key = keyTypeOf(picks.weighted(familyWeights), picks)
  const seeded = Math.min(picks.below(5), plainValues(key).length)
  const isUnique = dividedBy === 'another' ? 'by trigger' : 'always'
  add('id', { role: 'key', type: key, family: key.family, notNull: true, unique: isUnique })
  // A unique column would have to be part of what the table is divided by.
  if (dividedBy === 'nothing' && picks.chance(40)) {
    const code = keyTypeOf(picks.weighted(familyWeights), picks)
    // A column that must not be NULL needs a value for every row.
    const notNull = picks.chance(40) && plainValues(code).length >= seeded
    const unique = picks.chance(30) ? 'at commit' : 'always'
    add('code', { role: 'code', type: code, family: code.family, notNull, unique })
  }
  for (const name of picks.chance(40) ? ['name', 'more'] : ['name']) {
    add(name, { role: 'shown', type: picks.of(shownTypes) })
  }
  add('unread', { role: 'unread', type: { sql: 'int', cast: 'int', values: ['1', '2', '3'] } })
  return { columns, seeded }
}

function keyTypeOf(family: Family, picks: Picks): KeyType {
  return picks.of(keyTypes.filter((type) => type.family === family))
}

const deleteActions = {
  'ON DELETE CASCADE': 3,
  'ON DELETE SET NULL': 3,
  'ON DELETE NO ACTION': 1,
  'ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED': 6,
}

function addLink(table: TableModel, tables: readonly TableModel[], picks: Picks): void {
  const target = picks.of(tables)
  const unique = target.columns.filter((column) => column.unique !== 'no')
  const column = picks.chance(75) ? (unique[0] as ColumnModel) : picks.of(unique)
  const isForeignKey = column.unique === 'always' && picks.chance(50)
  const type = isForeignKey || picks.chance(60) ? column.type : keyTypeOf(column.family as Family, picks)
  const notNull = picks.chance(15) && target.seeded > 0 && column.role === 'key'
  let actions = picks.weighted(deleteActions)
  if (notNull && actions === 'ON DELETE SET NULL') actions = 'ON DELETE CASCADE'
  const onUpdate = picks.chance(60) ? 'ON UPDATE CASCADE ' : ''
  table.columns.push({
    name: columnName(
      picks,
      `${[...target.table].slice(0, 15).join('')}Id`,
      table.columns.map(({ name }) => name),
    ),
    role: 'link',
    type,
    family: column.family,
    notNull,
    unique: 'no',
    target: { table: target, column },
    foreignKey: isForeignKey ? onUpdate + actions : null,
  })
}

import type {
  AggregateSchema,
  ManyToOneSchema,
  OneToManySchema,
  RootSchema,
  Schema,
  WALEvent,
} from 'pg-capture'
import type { Coverage } from './coverage.ts'
import { isArray, linkedRows, tableOf } from './evaluate.ts'
import type { StatementResult } from './open-transaction.ts'
import type { Replica } from './replica.ts'
import { isOrderedByKey } from './row-order.ts'
import type { Script, ScriptTable } from './script.ts'
import type { TableState } from './table-state.ts'

/** From so many cases on, each feature must have occurred. */
const ENOUGH_CASES = 1_000

/** What a run that is long enough must have met: see `unmet`. */
export const features = [
  'schema: column',
  'schema: object',
  'schema: many-to-one',
  'schema: one-to-many',
  'schema: a foreign key promised',
  'schema: root value is no object',
  'schema: one-to-many in one-to-many',
  'schema: one-to-many in one-to-many, through many-to-one',
  'schema: many-to-one that yields an array',
  'schema: many-to-many',
  'table: divided by its key',
  'table: divided by another column',
  'schema: one-to-many by the column that divides its table',
  'schema: root with where',
  'schema: many-to-one with where',
  'schema: one-to-many with where',
  'schema: one-to-many with orderBy',
  'schema: one-to-many with limit',
  'schema: limit without orderBy',
  'schema: limit with where',
  'schema: limit by an order in which rows may be equal',
  'schema: limit inside a limited array',
  'schema: aggregate inside a limited array',
  'schema: aggregate of a limited array',
  'schema: root with a key of several columns',
  'schema: expression',
  'schema: cast',
  'schema: link by several columns',
  'schema: aggregate count',
  'schema: aggregate exists',
  'schema: aggregate sum',
  'schema: aggregate avg',
  'schema: aggregate min',
  'schema: aggregate max',
  'schema: array in array, not flattened',
  'schema: array that keeps NULLs',
  'schema: a table twice',
  'schema: a table in itself',
  'schema: four relations deep',
  'set: memory',
  'set: plain',
  'set: ioredis',
  'set: node-redis',
  'set: postgres',
  'set objects: one each',
  'aggregators: one',
  'aggregators: handler and builder',
  'aggregators: handler and two builders',
  'aggregators: two that do both',
  'schedule: at once',
  'schedule: never',
  'schedule: later',
  'schedule: some are lost',
  'schedule: when quiet',
  'build request lost',
  'build request merged with later ones',
  'delivery: by hand',
  'delivery: Capture',
  'lease: short',
  'replica: full',
  'replica: empty',
  'event: INSERT',
  'event: UPDATE',
  'event: DELETE',
  'event: TRUNCATE of the root table',
  'event: under the name of its partition',
  'event: TRUNCATE of a joined table',
  'event: with the old key only',
  'event: with a value that was not sent',
  'event: of a table that is not read',
  'event: in a table that no statement named (cascade)',
  'event: insert of a row that its transaction deleted',
  'event: row that comes back with another value in what divides its table',
  'statement: reinsert behind a promise',
  'statement: move to another partition',
  'statement: truncate a partition',
  'data: link to nothing',
  'data: NULL link',
  'transaction rolled back',
  'transaction failed',
  'transaction that overlaps others',
  'statement undone',
  'statement failed in a savepoint',
  'commit while an operation is held',
  'look-up in a state newer than its event',
  'hold',
  'failure before query',
  'failure after query',
  'failure before onChange',
  'failure after onChange',
  'failure before set',
  'failure after set',
  'change refused for one of its ids',
  'all but what is refused came through',
  'object parked',
  'parked object tried again',
  'delivered by handleEvent',
  'delivered by handleEvents',
  'delivered by collect',
  'delivered by handleEvent, all at once',
  'chunk in which a transaction ends',
  'chunk amid a transaction',
  'delivered again',
  'crash',
  'crash of one builder',
  'Capture stopped',
  'leases lapsed',
  'id taken over after its lease',
  'late emission refused',
  'lease lost before the objects were emitted',
  'commit acknowledged with all others',
  'acknowledged while its id waits in a durable set',
  'emitted upsert',
  'emitted delete',
  'replica emptied by onTruncate',
  'by hand',
  'object built from rows stored in another order',
] as const

/** The features that were never met. */
export function unmet(coverage: Coverage): string[] {
  if (coverage.of('case') < ENOUGH_CASES) return []
  return features.filter((feature) => coverage.of(feature) === 0)
}

export function countScript(coverage: Coverage, { schema, setup, tables: created }: Script): void {
  coverage.count('case')
  for (const { columns, divided } of created) {
    if (divided === undefined) continue
    coverage.count(`table: divided by ${divided.by === columns[0]?.name ? 'its key' : 'another column'}`)
  }
  for (const name of ['set', 'aggregators', 'schedule', 'replica'] as const)
    coverage.count(`${name}: ${setup[name]}`)
  if (schema.where !== undefined) coverage.count('schema: root with where')
  coverage.count(`delivery: ${setup.delivery ?? 'by hand'}`)
  coverage.count(`names of: ${setup.names ?? 'tables'}`)
  coverage.count(`lease: ${setup.lease ?? 'long'}`)
  if (setup.setObjects === 'one each') coverage.count('set objects: one each')
  if ([schema.primaryKey].flat().length > 1) coverage.count('schema: root with a key of several columns')
  if (schema.schema.type !== 'object') coverage.count('schema: root value is no object')
  countSchema(coverage, schema.schema, [JSON.stringify(schema.table)])
  countDividingLinks(coverage, created, schema.schema)
  countLimits(coverage, created, schema.schema)
  const tables = tablesIn(schema.schema).map((table) => JSON.stringify(table))
  if (new Set(tables).size < tables.length) coverage.count('schema: a table twice')
}

function countSchema(coverage: Coverage, schema: Schema, above: readonly string[]): void {
  coverage.count(`schema: ${schema.type}`)
  switch (schema.type) {
    case 'column':
    case 'expression':
      if (schema.cast !== undefined) coverage.count('schema: cast')
      return
    case 'object':
      for (const value of Object.values(schema.properties)) countSchema(coverage, value, above)
      return
    case 'aggregate':
      coverage.count(`schema: aggregate ${schema.function}`)
      if (schema.schema !== undefined)
        countSchema(coverage, schema.schema, [...above, JSON.stringify(schema.referencingTable)])
      return
    case 'many-to-one':
    case 'one-to-many': {
      const table = JSON.stringify(
        schema.type === 'many-to-one' ? schema.referencesTable : schema.referencingTable,
      )
      if (schema.type === 'many-to-one' && schema.hasFKConstraint)
        coverage.count('schema: a foreign key promised')
      if (schema.where !== undefined) coverage.count(`schema: ${schema.type} with where`)
      if ([schema.column].flat().length > 1) coverage.count('schema: link by several columns')
      countNesting(coverage, schema)
      if (above.includes(table)) coverage.count('schema: a table in itself')
      if (above.length >= 4) coverage.count('schema: four relations deep')
      countSchema(coverage, schema.schema, [...above, table])
      return
    }
    default:
      schema satisfies never
  }
}

function countDividingLinks(coverage: Coverage, tables: readonly ScriptTable[], schema: Schema): void {
  for (const one of relationsIn(schema)) {
    if (one.type !== 'one-to-many') continue
    const { divided } = tableOf(tables, one.referencingTable)
    if (divided && [one.referencingColumn].flat().includes(divided.by))
      coverage.count('schema: one-to-many by the column that divides its table')
  }
}

function countLimits(coverage: Coverage, tables: readonly ScriptTable[], schema: Schema): void {
  const relations = relationsIn(schema)
  for (const one of relations) {
    if (one.type === 'aggregate' && one.schema !== undefined && limitedIn(one.schema).length > 0)
      coverage.count('schema: aggregate of a limited array')
  }
  for (const array of limitedIn(schema)) {
    if (array.where !== undefined) coverage.count('schema: limit with where')
    if (array.orderBy === undefined) coverage.count('schema: limit without orderBy')
    else if (!isOrderedByKey(array, tableOf(tables, array.referencingTable)))
      coverage.count('schema: limit by an order in which rows may be equal')
    if (limitedIn(array.schema).length > 0) coverage.count('schema: limit inside a limited array')
    if (relationsIn(array.schema).some(({ type }) => type === 'aggregate'))
      coverage.count('schema: aggregate inside a limited array')
  }
}

function limitedIn(schema: Schema): OneToManySchema[] {
  return relationsIn(schema).filter(
    (one) => one.type === 'one-to-many' && one.limit !== undefined,
  ) as OneToManySchema[]
}

function countNesting(coverage: Coverage, schema: Schema): void {
  if (schema.type === 'many-to-one' && isArray(schema))
    coverage.count('schema: many-to-one that yields an array')
  if (schema.type !== 'one-to-many') return
  const inner = schema.schema
  if (schema.orderBy !== undefined) coverage.count('schema: one-to-many with orderBy')
  if (schema.limit !== undefined) coverage.count('schema: one-to-many with limit')
  if (schema.keepNulls === true) coverage.count('schema: array that keeps NULLs')
  if (schema.flatten === false && isArray(inner)) coverage.count('schema: array in array, not flattened')
  if (inner.type === 'one-to-many') coverage.count('schema: one-to-many in one-to-many')
  else if (isArray(inner)) coverage.count('schema: one-to-many in one-to-many, through many-to-one')
  else if (inner.type === 'many-to-one') coverage.count('schema: many-to-many')
}

function tablesIn(schema: Schema): unknown[] {
  return relationsIn(schema).map((one) =>
    one.type === 'many-to-one' ? one.referencesTable : one.referencingTable,
  )
}

function relationsIn(schema: Schema): (ManyToOneSchema | OneToManySchema | AggregateSchema)[] {
  switch (schema.type) {
    case 'column':
    case 'expression':
      return []
    case 'object':
      return Object.values(schema.properties).flatMap(relationsIn)
    case 'many-to-one':
    case 'one-to-many':
      return [schema, ...relationsIn(schema.schema)]
    case 'aggregate':
      return [schema, ...(schema.schema === undefined ? [] : relationsIn(schema.schema))]
    default:
      return schema satisfies never
  }
}

export function countStatements(coverage: Coverage, results: readonly StatementResult[]): void {
  for (const { statement, outcome, rows } of results) {
    if (outcome === 'done' && (rows > 0 || statement.kind.startsWith('truncate')))
      coverage.count(`statement: ${statement.kind}`)
    if (outcome === 'undone') coverage.count('statement undone')
    if (outcome === 'failed') coverage.count('statement failed in a savepoint')
  }
}

/** Counts what happened in a case, at its end. */
export function countRun(
  coverage: Coverage,
  script: Script,
  run: { events: readonly WALEvent[]; states: readonly TableState[]; replica: Replica },
): void {
  countEvents(coverage, run.events, script)
  const last = run.states.at(-1)
  if (last !== undefined) countLinks(coverage, script.schema, last)
  coverage.count('commit', run.states.length - 1)
  for (const { upsert, delete: deleted, refused } of run.replica.emissions) {
    coverage.count('emission')
    coverage.count('late emission refused', refused.size)
    coverage.count('emitted upsert', upsert.length)
    coverage.count('emitted delete', deleted.length)
  }
  coverage.count('replica emptied by onTruncate', run.replica.truncations)
}

function countEvents(
  coverage: Coverage,
  events: readonly WALEvent[],
  { tables, schema, steps }: Script,
): void {
  const root = tableOf(tables, schema.table)
  const read = new Set([root, ...tablesIn(schema.schema).map((table) => tableOf(tables, table as string))])
  const named = new Set(
    steps.flatMap((step) => (step.do === 'transaction' ? step.statements.map(({ table }) => table) : [])),
  )
  const deleted = new Map<string, unknown>()
  for (const event of events) {
    coverage.count('event')
    const table = tables.find((one) => one.schema === event.schema && one.table === event.table)
    if (table === undefined || !read.has(table)) coverage.count('event: of a table that is not read')
    if (event.action === 'TRUNCATE') {
      coverage.count(`event: TRUNCATE of ${table === root ? 'the root' : 'a joined'} table`)
      continue
    }
    coverage.count(`event: ${event.action}`)
    if (!named.has(`${event.schema}.${event.table}`)) {
      coverage.count('event: in a table that no statement named (cascade)')
    }
    countOldRow(coverage, event, table)
    const key = table?.columns[0]?.name ?? ''
    const row = event.action === 'DELETE' ? event.dataOld : event.data
    const identity = JSON.stringify([event.xid, event.schema, event.table, row[key]])
    const by = row[table?.divided?.by ?? '']
    if (event.action === 'DELETE') deleted.set(identity, by)
    else if (event.action === 'INSERT' && deleted.has(identity)) {
      coverage.count('event: insert of a row that its transaction deleted')
      if (by !== deleted.get(identity))
        coverage.count('event: row that comes back with another value in what divides its table')
    }
  }
}

function countOldRow(coverage: Coverage, event: WALEvent, table: ScriptTable | undefined): void {
  if (event.action !== 'UPDATE' || table === undefined) return
  const known = Object.keys(event.dataOld ?? {}).length
  if (known < table.columns.length) coverage.count('event: with the old key only')
  if (Object.keys(event.data).length < table.columns.length)
    coverage.count('event: with a value that was not sent')
}

/** Counts the links of all many-to-one of the schema, in one state. */
function countLinks(coverage: Coverage, schema: RootSchema, state: TableState): void {
  const walk = (value: Schema, context: RootSchema['table']): void => {
    switch (value.type) {
      case 'column':
      case 'expression':
        return
      case 'object':
        for (const property of Object.values(value.properties)) walk(property, context)
        return
      case 'many-to-one':
        for (const links of linkedRows(state, context, value)) {
          if (links === null) coverage.count('data: NULL link')
          else if (links === 0) coverage.count('data: link to nothing')
        }
        walk(value.schema, value.referencesTable)
        return
      case 'one-to-many':
        walk(value.schema, value.referencingTable)
        return
      case 'aggregate':
        if (value.schema !== undefined) walk(value.schema, value.referencingTable)
        return
      default:
        value satisfies never
    }
  }
  walk(schema.schema, schema.table)
}

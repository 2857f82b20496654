import fc from 'fast-check'
import type { Script, ScriptTable, Setup } from '../script.ts'
import { partitionNames } from './division.ts'
import { Picks } from './picks.ts'
import { promisedLinks } from './promised-links.ts'
import { schemaArbitrary, schemaModel, type TreeChoices } from './schema.ts'
import { type StepChoices, stepsArbitrary, stepsOf } from './steps.ts'
import { createStatements, foreignKeyStatements, seedStatements } from './table-sql.ts'
import type { TableModel } from './table-model.ts'
import { type TableChoices, tableModels, tablesArbitrary } from './tables.ts'

interface Choices {
  readonly seed: number
  readonly setup: Setup
  readonly tables: readonly TableChoices[]
  readonly schema: TreeChoices
  readonly steps: readonly StepChoices[]
}

const setupArbitrary: fc.Arbitrary<Setup> = fc
  .record({
    set: fc.oneof(
      { weight: 5, arbitrary: fc.constant('memory' as const) },
      { weight: 4, arbitrary: fc.constant('plain' as const) },
      { weight: 3, arbitrary: fc.constantFrom('ioredis' as const, 'node-redis' as const) },
      { weight: 3, arbitrary: fc.constant('postgres' as const) },
    ),
    aggregators: fc.constantFrom(
      'one' as const,
      'handler and builder' as const,
      'handler and two builders' as const,
      'two that do both' as const,
    ),
    setObjects: fc.constantFrom('one' as const, 'one each' as const, 'one each' as const),
    schedule: fc.constantFrom(
      'at once' as const,
      'never' as const,
      'later' as const,
      'some are lost' as const,
      'when quiet' as const,
    ),
    batchSize: fc.integer({ min: 1, max: 5 }),
    replica: fc.oneof(
      { weight: 3, arbitrary: fc.constant('full' as const) },
      { weight: 1, arbitrary: fc.constant('empty' as const) },
    ),
    names: fc.oneof(
      { weight: 2, arbitrary: fc.constant('tables' as const) },
      { weight: 1, arbitrary: fc.constant('partitions' as const) },
    ),
    delivery: fc.oneof(
      { weight: 2, arbitrary: fc.constant('by hand' as const) },
      { weight: 1, arbitrary: fc.constant('Capture' as const) },
    ),
    parkAfter: fc.constantFrom(2, 2, 3, 10),
    lease: fc.oneof(
      { weight: 3, arbitrary: fc.constant('long' as const) },
      { weight: 1, arbitrary: fc.constant('short' as const) },
    ),
  })
  .map(possible)

/** Random cases. They shrink by leaving out steps, statements, parts of the schema, links and tables. */
export const scripts: fc.Arbitrary<Script> = fc
  .record({
    seed: fc.noShrink(fc.integer()),
    setup: setupArbitrary,
    tables: tablesArbitrary,
    schema: schemaArbitrary,
    steps: stepsArbitrary,
  })
  .map(scriptOf)

function scriptOf(choices: Choices): Script {
  const picks = new Picks(choices.seed)
  const tables = tableModels(choices.tables, picks)
  const { schema, needed } = schemaModel(choices.schema, tables)
  const tableChoice = {
    all: tables,
    read: [...needed.keys()],
    promised: promisedLinks(schema, tables),
    // Under the table's name, nothing tells of it.
    mayTruncatePartitions: choices.setup.names === 'partitions',
  }
  return {
    tables: tables.map((table) => ({
      schema: table.schema,
      table: table.table,
      columns: table.columns.map(({ name, type }) => ({ name, type: type.sql })),
      create: createStatements(table, [...(needed.get(table) ?? [])], picks),
      ...divided(table),
    })),
    prepare: [
      ...tables.flatMap((table) => seedStatements(table, picks)),
      ...tables.flatMap((table) => foreignKeyStatements(table)),
    ],
    schema,
    setup: choices.setup,
    steps: choices.steps.flatMap((step) => stepsOf(step, tableChoice)),
  }
}

function divided(table: TableModel): Pick<ScriptTable, 'divided'> {
  const { division } = table
  if (division === null) return {}
  const partitions = partitionNames(table, division.bounds.length)
  return { divided: { by: division.column.name, partitions } }
}

/** What can't be is left out: a set of one process can't be shared by several, nor feed builders that a Capture does not see. */
function possible(setup: Setup): Setup {
  const isStored = setup.set !== 'memory' && setup.set !== 'plain'
  const setObjects = isStored && setup.aggregators !== 'one' ? setup.setObjects : 'one'
  const emits = setup.aggregators === 'one' || setup.aggregators === 'two that do both'
  const delivery = isStored || emits ? setup.delivery : 'by hand'
  return { ...setup, ...(setObjects && { setObjects }), ...(delivery && { delivery }) }
}

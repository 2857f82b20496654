import fc from 'fast-check'
import type { Script, Setup } from '../script.ts'
import { Picks } from './picks.ts'
import { schemaArbitrary, schemaModel, type TreeChoices } from './schema.ts'
import { type StepChoices, stepsArbitrary, stepsOf } from './steps.ts'
import { createStatements, foreignKeyStatements, seedStatements } from './table-sql.ts'
import { type TableChoices, tableModels, tablesArbitrary } from './tables.ts'

interface Choices {
  readonly seed: number
  readonly setup: Setup
  readonly tables: readonly TableChoices[]
  readonly schema: TreeChoices
  readonly steps: readonly StepChoices[]
}

const setupArbitrary: fc.Arbitrary<Setup> = fc.record({
  set: fc.oneof(
    { weight: 4, arbitrary: fc.constant('memory' as const) },
    { weight: 3, arbitrary: fc.constant('plain' as const) },
    { weight: 2, arbitrary: fc.constantFrom('ioredis' as const, 'node-redis' as const) },
  ),
  aggregators: fc.constantFrom('one', 'handler and builder', 'handler and two builders'),
  schedule: fc.constantFrom('at once', 'never', 'later'),
  batchSize: fc.integer({ min: 1, max: 5 }),
  replica: fc.oneof(
    { weight: 3, arbitrary: fc.constant('full' as const) },
    { weight: 1, arbitrary: fc.constant('empty' as const) },
  ),
})

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
  const tableChoice = { all: tables, read: [...needed.keys()] }
  return {
    tables: tables.map((table) => ({
      schema: table.schema,
      table: table.table,
      columns: table.columns.map(({ name, type }) => ({ name, type: type.sql })),
      create: createStatements(table, [...(needed.get(table) ?? [])], picks),
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

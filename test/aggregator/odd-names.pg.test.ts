import { type Changes, EventAggregator, type RootSchema } from 'pg-capture'
import { expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'

const database = testDatabase()

const oddNames = [
  `it's`,
  '"',
  '\\',
  `'; DROP TABLE victim; --`,
  '$1',
  '$&',
  'object',
  'asked',
  'constructor',
  '__proto__',
  '📚',
]

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

const row = (...entries: [string, unknown][]): Record<string, unknown> => Object.fromEntries(entries)

test.each(oddNames)('tables, columns and properties called %j are captured like any other', async (name) => {
  // Every name that the schema knows is the odd one, as far as a table can have it only once.
  const [table, leaf, child] = [quoted(`${name} table`), quoted(`${name} leaf`), quoted(`${name} child`)]
  await database.query(`
    create table if not exists victim ();
    create table ${table} (${quoted(name)} int primary key, ${quoted(`${name} link`)} int);
    create table ${leaf} (${quoted(name)} int, ${quoted(`${name} text`)} text);
    create table ${child} (${quoted(name)} numeric, "text" text);
    insert into ${table} values (1, 10), (2, 20);
    insert into ${leaf} values (10, 'ten'), (20, 'twenty');
    insert into ${child} values (1.0, 'a'), (2.00, 'b')`)
  const schema: RootSchema = {
    table: { table: `${name} table` },
    primaryKey: name,
    schema: {
      type: 'object',
      properties: row(
        [
          name,
          {
            type: 'many-to-one',
            column: `${name} link`,
            referencesTable: { table: `${name} leaf` },
            referencesColumn: name,
            hasFKConstraint: false,
            schema: { type: 'column', column: `${name} text` },
          },
        ],
        [
          `${name} child`,
          {
            type: 'one-to-many',
            column: name,
            referencingTable: { table: `${name} child` },
            referencingColumn: name,
            schema: { type: 'column', column: 'text' },
          },
        ],
      ) as Extract<RootSchema['schema'], { type: 'object' }>['properties'],
    },
  }
  const emitted: Changes[] = []
  const aggregator = new EventAggregator({
    schema,
    client: database,
    onChange: (changes) => emitted.push(changes),
  })
  const one = { id: '1', object: row([name, 'ten'], [`${name} child`, ['a']]) }
  const two = { id: '2', object: row([name, 'twenty'], [`${name} child`, ['b']]) }
  const emissions = (): unknown[] => emitted.splice(0).map(({ upsert, delete: deleted }) => [upsert, deleted])
  const of = (kind: string) => ({ schema: 'public', table: `${name} ${kind}` })

  // By its own key, by a look-up, by a link of another type, and by a sweep.
  await aggregator.handleEvent({ ...of('table'), action: 'DELETE', dataOld: row([name, 3]) })
  expect(emissions()).toEqual([[[], ['3']]])
  await aggregator.handleEvent({ ...of('leaf'), action: 'INSERT', data: row([name, 10]) })
  expect(emissions()).toEqual([[[one], []]])
  await aggregator.handleEvent({ ...of('child'), action: 'INSERT', data: row([name, '2.00'], ['text', 'b']) })
  expect(emissions()).toEqual([[[two], []]])
  await aggregator.handleEvent({ ...of('leaf'), action: 'TRUNCATE' })
  expect(emissions()).toEqual([[[one, two], []]])
  expect(await database.rows('select * from victim')).toEqual([])
})

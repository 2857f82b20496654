import { expect, test } from 'vitest'
import { compile, compilers } from './compile.ts'

// What the check of a schema costs a compiler, in instantiations of types: a count, which no machine changes. A wide database
// should cost next to nothing, and a schema as much as it has places.

const TABLES = 60
const COLUMNS = 20
const LEVELS = 6

/** A table refers to the next one, and is referred to by it. */
const database = `interface Row { id: number; next: number; previous: number | null; ${Array.from(
  { length: COLUMNS },
  (_, at) => `c${at}: ${['string', 'string | null', 'number', 'Date | null', 'boolean'][at % 5]!}`,
).join('; ')} }
${Array.from({ length: TABLES }, (_, at) => `interface Table${at} extends Row { of${at}: string }`).join('\n')}
interface DB { ${Array.from({ length: TABLES }, (_, at) => `table${at}: Table${at}`).join('; ')} }
`

/** Of each table some columns and, down to the last level, the row that it refers to and those that refer to it. */
function objectOf(table: number, level: number): string {
  const columns = ['id', 'c0', 'c1', 'c3', `of${table}`].map(
    (name) => `${name}: { type: 'column', column: '${name}' }`,
  )
  const next = table + 1
  const relations = [
    `one: { type: 'many-to-one', column: 'next', referencesTable: 'table${next}', referencesColumn: 'id', hasFKConstraint: true, schema: ${level === LEVELS ? `{ type: 'column', column: 'c0' }` : objectOf(next, level + 1)} }`,
    `many: { type: 'one-to-many', column: 'id', referencingTable: 'table${next + 7}', referencingColumn: 'previous', where: { c2: { gt: 1 }, or: [{ c0: 'a' }, { c1: null }] }, orderBy: { column: 'c3' }, schema: ${level === LEVELS ? `{ type: 'column', column: 'c1' }` : objectOf(next + 7, level + 1)} }`,
  ]
  return `{ type: 'object', properties: { ${[...columns, ...relations].join(', ')} } }`
}

const program = `
import { defineSchema, type ObjectOf } from 'pg-capture'
${database}
const schema = defineSchema<DB>()({ table: 'table0', primaryKey: 'id', schema: ${objectOf(0, 1)} })
export const deep: ObjectOf<typeof schema>${"['one']".repeat(LEVELS - 1)}['many'] = ['text']
`
const places = program.split('{ type: ').length - 1

const CEILING_PER_PLACE = 100

const compilations = compile({ 'program.ts': program })

test.each(compilers.map(({ version }, index) => ({ version, index })))(
  `TypeScript $version checks ${LEVELS} levels, ${places} places in a schema, over ${TABLES} tables`,
  async ({ index }) => {
    const { complaints, instantiations } = (await compilations)[index]!
    expect(complaints).toEqual([])
    expect(instantiations / places).toBeGreaterThan(10)
    expect(instantiations / places).toBeLessThan(CEILING_PER_PLACE)
  },
  60_000,
)

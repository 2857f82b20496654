import { describe, expect, test } from 'vitest'
import { snippetsOf } from '../docs/snippets.ts'
import { filesIn } from '../project/source-tree.ts'
import { badSchemas } from './bad-schemas.ts'
import { compile, compilers } from './compile.ts'

// One program for each compiler, as most of what a compilation takes is its beginning.

const { program, schemas } = badSchemas()

/** What is expected of types in these, only a compiler checks. */
const typeTests = filesIn('test/typing').filter((path) => path.endsWith('.types.test.ts'))

const falseTypeTest = `
import { defineSchema, type ObjectOf } from 'pg-capture'
import { expectTypeOf } from 'vitest'
const schema = defineSchema<{ book: { id: number } }>()({ table: 'book', primaryKey: 'id', schema: { type: 'column', column: 'id' } })
expectTypeOf<ObjectOf<typeof schema>>().toEqualTypeOf<number>()
expectTypeOf<ObjectOf<typeof schema>>().toEqualTypeOf<string>()
`

const wide = `
import { defineSchema } from 'pg-capture'
interface Row { ${Array.from({ length: 40 }, (_, at) => `column${at}: number`).join('; ')} }
interface DB { ${Array.from({ length: 60 }, (_, at) => `table${at}: Row`).join('; ')} }
defineSchema<DB>()({ table: 'tabel7', primaryKey: 'column0', schema: { type: 'column', column: 'column1' } })
defineSchema<DB>()({ table: 'table7', primaryKey: 'column0', schema: { type: 'column', column: 'colum7' } })
defineSchema<DB>()({ table: 'table7', primaryKey: 'column0', schema: { type: 'column' } })
defineSchema<DB>()({ table: 'table7', primaryKey: 'column0' })
`

const [page, ofThePage] = snippetsOf('docs/typescript.md')
/** The program of the page, with the mistakes of which it shows the errors. */
const books = page!.code
  .replace("column: 'title'", "column: 'titel'")
  .replace("referencesTable: 'author'", "referencesTable: 'autor'")
  .replace(/(.*)referencesColumn: 'id'/s, "$1referencesColumn: 'name'")

/** Compilers list the members of a union in orders of their own. */
function inOrder(message: string): string {
  return message.replaceAll(/(?:"[^"']+"|[a-z]+)(?: \| (?:"[^"']+"|[a-z]+))+/g, (union) =>
    union.split(' | ').sort().join(' | '),
  )
}

const compilations = compile(
  { 'bad-schemas.ts': program, 'books.ts': books, 'false-type-test.ts': falseTypeTest, 'wide.ts': wide },
  typeTests,
)

describe.each(compilers.map(({ version }, index) => ({ version, index })))(
  'TypeScript $version',
  ({ index }) => {
    test('holds the tests of types for true', async () => {
      expect(typeTests).toContain('test/typing/object-of.types.test.ts')
      const { complaints } = (await compilations)[index]!
      const others = complaints.filter(({ file }) => file.endsWith('test.ts'))
      expect(others).toEqual([expect.objectContaining({ file: 'false-type-test.ts', line: 6 })])
    }, 60_000)

    test('is brief where there are many names', async () => {
      const { complaints } = (await compilations)[index]!
      const told = complaints.filter(({ file }) => file === 'wide.ts')
      expect(told.map(({ line }) => line)).toEqual([5, 6, 7, 8])
      for (const line of told.flatMap(({ message }) => message.split('\n')))
        expect(line.length).toBeLessThan(500)
    }, 60_000)

    test.each(schemas)(
      'tells where a schema is wrong: $about',
      async ({ line, column, says }) => {
        const { complaints } = (await compilations)[index]!
        const here = complaints.filter(
          (complaint) => complaint.file === 'bad-schemas.ts' && complaint.line === line,
        )
        expect(
          here.map((complaint) => ({ column: complaint.column, says: inOrder(complaint.message) })),
        ).toEqual([{ column, says: inOrder(says) }])
      },
      60_000,
    )
  },
)

test('the page shows the errors as they are', async () => {
  const { complaints } = (await compilations).at(-1)!
  const told = complaints
    .filter(({ file }) => file === 'books.ts')
    .map(({ file, line, column, code, message }) => `${file}(${line},${column}): error ${code}: ${message}`)
  expect(told.join('\n')).toBe(ofThePage!.code)
}, 60_000)

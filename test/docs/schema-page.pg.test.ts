import { buildSchemaQuery, introspection } from 'pg-capture'
import { describe, expect, test } from 'vitest'
import { testDatabase } from '../support/postgres.ts'
import { normalSql } from './same-sql.ts'
import { schemaOf } from './schema-of.ts'
import { type Snippet, snippetsOf } from './snippets.ts'

// docs/schema.md, run: each schema with the objects and the SQL that the page prints after it.

const snippets = snippetsOf('docs/schema.md')
const [tables, ...others] = snippets.filter(
  ({ language, code }) => language === 'sql' && !code.startsWith('CREATE TYPE'),
)

interface Example {
  readonly line: number
  readonly schema: Snippet
  readonly objects: Snippet
  readonly sql: Snippet | undefined
}

const examples: Example[] = snippets.flatMap((schema, index) => {
  const [objects, sql] = snippets.slice(index + 1, index + 3)
  if (schema.language !== 'ts' || objects?.language !== 'json') return []
  return [{ line: schema.line, schema, objects, sql: sql?.language === 'sql' ? sql : undefined }]
})

const database = testDatabase({ setup: tables?.code ?? '' })

describe('docs/schema.md', () => {
  test('has its examples, and every SQL block belongs to one', () => {
    expect(examples.length).toBeGreaterThanOrEqual(6)
    expect(examples.flatMap(({ sql }) => sql ?? [])).toEqual(others)
  })

  test.each(examples)(
    'the schema of line $line gives the objects and the SQL that follow',
    async (example) => {
      const query = buildSchemaQuery(await schemaOf(example.schema.code), [7, 8])
      const rows = await query.run(database)
      const objects = rows
        .sort((left, right) => Number(left.id) - Number(right.id))
        .map(({ object }) => object)
      expect(objects).toEqual(JSON.parse(example.objects.code))
      expect(normalSql(query.toQuery().text)).toBe(normalSql(example.sql?.code ?? query.toQuery().text))
    },
  )

  test('introspection tells what the page says', async () => {
    const example = snippets.find(({ code }) => code.includes('introspection(schema)'))!
    const [schema = '', told = ''] = example.code.split(/^const \{ tables, output \}.*$/m)
    const found = introspection(await schemaOf(schema.replace(/^import .*$/m, '')))
    const plain = (text: string): string => text.replaceAll(/[\s,/]/g, '').replaceAll("'", '"')
    const literal = (value: unknown): string => JSON.stringify(value).replaceAll(/"(\w+)":/g, '$1:')
    expect(plain(told)).toBe(plain(`tables: ${literal(found.tables)} output: ${literal(found.output)}`))
  })
})

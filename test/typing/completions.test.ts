import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from '@tsd/typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { absolute } from '../project/source-tree.ts'
import { LanguageServer } from './language-server.ts'

// What an editor offers at «», under the oldest TypeScript and under the one in use.

const database = `import { defineSchema } from '${absolute('src/core/schema/define-schema.ts')}'
interface DB {
  author: { id: number; name: string }
  book: { id: number; title: string | null; authorId: number; status: 'draft' | 'published' }
  'library.copy': { bookId: number; shelf: string }
}
`
const inBook = (schema: string): string => `{ table: 'book', primaryKey: 'id', schema: ${schema} }`
const copies = `type: 'one-to-many', column: 'id', referencingTable: 'library.copy', referencingColumn: 'bookId'`
const ofBook = ['authorId', 'id', 'status', 'title']
const tables = ['author', 'book', 'library.copy']

const cases: readonly (readonly [about: string, schema: string, offers: readonly string[]])[] = [
  ['tables', `{ table: '«»', primaryKey: 'id' }`, tables],
  [
    'columns of a key',
    `{ table: 'book', primaryKey: '«»', schema: { type: 'column', column: 'id' } }`,
    ofBook,
  ],
  [
    'kinds',
    inBook(`{ type: '«»' }`),
    ['aggregate', 'column', 'expression', 'many-to-one', 'object', 'one-to-many'],
  ],
  ['columns', inBook(`{ type: 'column', column: '«»' }`), ofBook],
  ['fields of a kind', inBook(`{ type: 'column', «» }`), ['cast', 'column']],
  [
    'tables that a link refers to',
    inBook(`{ type: 'many-to-one', column: 'authorId', referencesTable: '«»', hasFKConstraint: true }`),
    tables,
  ],
  [
    'columns that a link refers to',
    inBook(`{ type: 'many-to-one', column: 'authorId', referencesTable: 'author', referencesColumn: '«»' }`),
    ['id', 'name'],
  ],
  [
    'columns deep down',
    inBook(
      `{ type: 'object', properties: { a: { ${copies}, schema: { type: 'object', properties: { b: { type: 'column', column: '«»' } } } } } }`,
    ),
    ['bookId', 'shelf'],
  ],
  [
    'columns of where',
    `{ table: 'book', primaryKey: 'id', where: { «» }, schema: { type: 'column', column: 'id' } }`,
    ['and', 'authorId', 'id', 'or', 'status', 'title'],
  ],
  [
    'values of where',
    `{ table: 'book', primaryKey: 'id', where: { status: '«»' }, schema: { type: 'column', column: 'id' } }`,
    ['draft', 'published'],
  ],
  [
    'columns of orderBy',
    inBook(`{ ${copies}, orderBy: { column: '«»' }, schema: { type: 'column', column: 'shelf' } }`),
    ['bookId', 'shelf'],
  ],
]

// One file for each: what is unfinished in one schema is none of the other's business.
const files = cases.map(([, schema], index) => {
  const marked = `${database}defineSchema<DB>()(${schema})\n`
  const lines = marked.slice(0, marked.indexOf('«')).split('\n')
  return {
    name: `schema-${index}.ts`,
    text: marked.replace('«»', ''),
    offset: marked.indexOf('«'),
    position: { line: lines.length - 1, character: lines.at(-1)!.length },
  }
})

const options = {
  strict: true,
  module: 'nodenext',
  allowImportingTsExtensions: true,
  noEmit: true,
  types: [],
}
let folder: string

beforeAll(async () => {
  await mkdir(absolute('node_modules/.cache'), { recursive: true })
  folder = await mkdtemp(join(absolute('node_modules/.cache'), 'completions-'))
  for (const { name, text } of files) await writeFile(join(folder, name), text)
  const config = { compilerOptions: options, files: files.map(({ name }) => name) }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe(`TypeScript ${ts.version} offers`, () => {
  let service: ts.LanguageService

  beforeAll(() => {
    const parsed = ts.convertCompilerOptionsFromJson(options, folder).options
    service = ts.createLanguageService({
      getCompilationSettings: () => parsed,
      getScriptFileNames: () => files.map(({ name }) => join(folder, name)),
      getScriptVersion: () => '1',
      getScriptSnapshot: (path) => {
        const text = ts.sys.readFile(path)
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
      },
      getCurrentDirectory: () => folder,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (path) => ts.sys.fileExists(path),
      readFile: (path) => ts.sys.readFile(path),
    })
  })

  test.each(cases.map(([about, , offers], index) => ({ about, offers, index })))(
    '$about',
    ({ offers, index }) => {
      const { name, offset } = files[index]!
      const found = service.getCompletionsAtPosition(join(folder, name), offset, {})
      expect(found?.entries.map((entry) => entry.name).toSorted()).toEqual(offers)
    },
    60_000,
  )
})

describe('TypeScript in use offers', () => {
  const server = new LanguageServer()

  beforeAll(() => server.start())

  afterAll(() => server.stop())

  test.each(cases.map(([about, , offers], index) => ({ about, offers, index })))(
    '$about',
    async ({ offers, index }) => {
      const { name, text, position } = files[index]!
      const uri = pathToFileURL(join(folder, name)).href
      server.open(uri, text)
      const found = await server.completions(uri, position)
      expect(found.map((label) => label.replace(/\?$/, '')).toSorted()).toEqual(offers)
    },
    60_000,
  )
})

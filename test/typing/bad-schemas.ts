// Schemas that are wrong, what a compiler says of each, and where: at «the mark».

const database = `
import { defineSchema } from 'pg-capture'
interface Author { id: number; name: string; countryId: number | null }
interface Book { id: string; title: string | null; authorId: number; pages: number | null; status: 'draft' | 'published' }
interface Copy { bookId: string; number: number; shelf: string | null }
interface Loan { bookId: string; number: number; reader: string }
const variable = { table: 'book', primaryKey: 'id', schema: { type: 'column', column: 'title' } }
interface DB { author: Author; 'public.book': Book; 'library.copy': Copy; 'library.loan': Loan }
`

interface Case {
  readonly about: string
  readonly schema: string
  readonly says: string
}

const ofBook = `'"authorId" | "id" | "pages" | "status" | "title"'`
const ofCopy = `'"bookId" | "number" | "shelf"'`
const bookWith = (property: string, where = ''): string =>
  `{ table: 'book', primaryKey: 'id', ${where} schema: { type: 'object', properties: { title: { type: 'column', column: 'title' }, it: ${property} } } }`
const toAuthor = `type: 'many-to-one', column: 'authorId', referencesTable: 'author', referencesColumn: 'id', hasFKConstraint: true`
const copies = `type: 'one-to-many', column: 'id', referencingTable: 'library.copy', referencingColumn: 'bookId'`
const shelf = `schema: { type: 'column', column: 'shelf' }`

const cases: readonly Case[] = [
  {
    about: 'the root table',
    schema: `{ «table»: 'bok', primaryKey: 'id', schema: { type: 'column', column: 'title' } }`,
    says: `Type '"bok"' is not assignable to type '"author" | "library.copy" | "library.loan" | "public.book"'.`,
  },
  {
    about: 'the primary key',
    schema: `{ table: 'book', «primaryKey»: 'ide', schema: { type: 'column', column: 'title' } }`,
    says: `Type '"ide"' is not assignable to type ${ofBook}.`,
  },
  {
    about: 'a column of a primary key of several',
    schema: `{ table: 'library.copy', primaryKey: ['bookId', «'nummer'»], ${shelf} }`,
    says: `Type '"nummer"' is not assignable to type ${ofCopy}. Did you mean '"number"'?`,
  },
  {
    about: 'a column',
    schema: bookWith(`{ type: 'column', «column»: 'titel' }`),
    says: `Type '"titel"' is not assignable to type ${ofBook}. Did you mean '"title"'?`,
  },
  {
    about: 'a column of another table',
    schema: bookWith(`{ ${copies}, schema: { type: 'column', «column»: 'title' } }`),
    says: `Type '"title"' is not assignable to type ${ofCopy}.`,
  },
  {
    about: 'a column six levels down',
    schema: bookWith(
      `{ ${toAuthor}, schema: { type: 'object', properties: { books: { type: 'one-to-many', column: 'id', referencingTable: 'book', referencingColumn: 'authorId', schema: { ${copies}, schema: { type: 'object', properties: { loans: { type: 'one-to-many', column: ['bookId', 'number'], referencingTable: 'library.loan', referencingColumn: ['bookId', 'number'], schema: { type: 'object', properties: { who: { type: 'column', «column»: 'raeder' } } } } } } } } } } }`,
    ),
    says: `Type '"raeder"' is not assignable to type '"bookId" | "number" | "reader"'. Did you mean '"reader"'?`,
  },
  {
    about: 'the table of a many-to-one',
    schema: bookWith(
      `{ type: 'many-to-one', column: 'authorId', «referencesTable»: 'autor', referencesColumn: 'id', hasFKConstraint: true, schema: { type: 'column', column: 'name' } }`,
    ),
    says: `Type '"autor"' is not assignable to type '"author" | "library.copy" | "library.loan" | "public.book"'. Did you mean '"author"'?`,
  },
  {
    about: 'a table in parts',
    schema: bookWith(
      `{ type: 'one-to-many', column: 'id', referencingTable: { schema: 'library', «table»: 'cpoy' }, referencingColumn: 'bookId', ${shelf} }`,
    ),
    says: `Type '"cpoy"' is not assignable to type '"copy" | "loan"'.`,
  },
  {
    about: 'the schema of a table in parts',
    schema: bookWith(
      `{ type: 'one-to-many', column: 'id', referencingTable: { «schema»: 'libary', table: 'copy' }, referencingColumn: 'bookId', ${shelf} }`,
    ),
    says: `Type '"libary"' is not assignable to type '"library" | "public" | undefined'. Did you mean '"library"'?`,
  },
  {
    about: 'the column of a link',
    schema: bookWith(
      `{ type: 'many-to-one', «column»: 'author_id', referencesTable: 'author', referencesColumn: 'id', hasFKConstraint: true, schema: { type: 'column', column: 'name' } }`,
    ),
    says: `Type '"author_id"' is not assignable to type ${ofBook}. Did you mean '"authorId"'?`,
  },
  {
    about: 'the column that a link refers to',
    schema: bookWith(
      `{ type: 'one-to-many', column: 'id', referencingTable: 'library.copy', «referencingColumn»: 'bokId', ${shelf} }`,
    ),
    says: `Type '"bokId"' is not assignable to type ${ofCopy}. Did you mean '"bookId"'?`,
  },
  {
    about: 'a link of columns that are never equal',
    schema: bookWith(
      `{ type: 'many-to-one', column: 'authorId', referencesTable: 'author', «referencesColumn»: 'name', hasFKConstraint: true, schema: { type: 'column', column: 'name' } }`,
    ),
    says: `Type '"name"' is not assignable to type '"name, a string, never equals authorId, a number"'.`,
  },
  {
    about: 'a link of one column to two',
    schema: `{ table: 'library.copy', primaryKey: ['bookId', 'number'], schema: { type: 'one-to-many', column: ['bookId', 'number'], referencingTable: 'library.loan', «referencingColumn»: ['bookId'], schema: { type: 'column', column: 'reader' } } }`,
    says: `Type '["bookId"]' is not assignable to type 'readonly ["bookId" | "number" | "reader", "bookId" | "number" | "reader"]'.\n  Source has 1 element(s) but target requires 2.`,
  },
  {
    about: 'a column of where',
    schema: bookWith(`{ type: 'column', column: 'title' }`, `where: { «titel»: null },`),
    says: `Object literal may only specify known properties, but 'titel' does not exist in type 'ConditionOn<Book>'. Did you mean to write 'title'?`,
  },
  {
    about: 'a column of where, below or',
    schema: bookWith(`{ ${copies}, where: { or: [{ shelf: 'A' }, { «shlef»: 'B' }] }, ${shelf} }`),
    says: `Object literal may only specify known properties, but 'shlef' does not exist in type 'ConditionOn<Copy>'. Did you mean to write 'shelf'?`,
  },
  {
    about: 'a value of where',
    schema: bookWith(`{ type: 'column', column: 'title' }`, `where: { «status»: 'publshed' },`),
    says: `Type '"publshed"' is not assignable to type 'TestOf<"draft" | "published"> | undefined'. Did you mean '"published"'?`,
  },
  {
    about: 'a value in a list of where',
    schema: bookWith(
      `{ type: 'column', column: 'title' }`,
      `where: { status: { in: ['draft', «'publshed'»] } },`,
    ),
    says: `Type '"publshed"' is not assignable to type '"draft" | "published"'. Did you mean '"published"'?`,
  },
  {
    about: 'a column of orderBy',
    schema: bookWith(`{ ${copies}, orderBy: { «column»: 'self' }, ${shelf} }`),
    says: `Type '"self"' is not assignable to type ${ofCopy}. Did you mean '"shelf"'?`,
  },
  {
    about: 'a column in a list of orderBy',
    schema: bookWith(`{ ${copies}, orderBy: [{ column: 'shelf' }, { «column»: 'nubmer' }], ${shelf} }`),
    says: `Type '"nubmer"' is not assignable to type ${ofCopy}. Did you mean '"number"'?`,
  },
  {
    about: 'a direction',
    schema: bookWith(`{ ${copies}, orderBy: { column: 'shelf', «direction»: 'down' }, ${shelf} }`),
    says: `Type '"down"' is not assignable to type '"asc" | "desc" | undefined'.`,
  },
  {
    about: 'a column of an expression',
    schema: bookWith(`{ type: 'expression', sql: 'UPPER({titel})', columns: [«'titel'»] }`),
    says: `Type '"titel"' is not assignable to type ${ofBook}. Did you mean '"title"'?`,
  },
  {
    about: 'a function',
    schema: bookWith(
      `{ type: 'aggregate', «function»: 'counts', column: 'id', referencingTable: 'library.copy', referencingColumn: 'bookId', ${shelf} }`,
    ),
    says: `Type '"counts"' is not assignable to type '"avg" | "count" | "exists" | "max" | "min" | "sum"'. Did you mean '"count"'?`,
  },
  {
    about: 'a kind',
    schema: bookWith(`{ «type»: 'colum', column: 'title' }`),
    says: `Type '"colum"' is not assignable to type '"aggregate" | "column" | "expression" | "many-to-one" | "object" | "one-to-many"'. Did you mean '"column"'?`,
  },
  {
    about: 'a field of another kind',
    schema: bookWith(`{ type: 'column', column: 'title', «flatten»: false }`),
    says: `Object literal may only specify known properties, and 'flatten' does not exist in type '{ readonly type: "column"; readonly column: "authorId" | "id" | "pages" | "status" | "title"; readonly cast?: string | undefined; }'.`,
  },
  {
    about: 'a field that is missing',
    schema: bookWith(`{ type: 'column' }`).replace('it:', '«it»:'),
    says: `Property 'column' is missing in type '{ type: "column"; }' but required in type '{ readonly type: "column"; readonly column: "authorId" | "id" | "pages" | "status" | "title"; readonly cast?: string | undefined; }'.`,
  },
  {
    about: 'a name that is any string',
    schema: bookWith(`{ type: 'column', «column»: String(1) }`),
    says: `Type 'string' is not assignable to type ${ofBook}.`,
  },
  {
    about: 'a link of two columns to one',
    schema: `{ table: 'library.copy', primaryKey: ['bookId', 'number'], schema: { type: 'one-to-many', column: ['bookId', 'number'], referencingTable: 'library.loan', «referencingColumn»: 'bookId', schema: { type: 'column', column: 'reader' } } }`,
    says: `Type 'string' is not assignable to type 'readonly ["bookId" | "number" | "reader", "bookId" | "number" | "reader"]'.`,
  },
  {
    about: 'a column of where, of a many-to-one',
    schema: bookWith(`{ ${toAuthor}, where: { «nam»: 'Jane' }, schema: { type: 'column', column: 'name' } }`),
    says: `Object literal may only specify known properties, but 'nam' does not exist in type 'ConditionOn<Author>'. Did you mean to write 'name'?`,
  },
  {
    about: 'a number of where',
    schema: bookWith(`{ type: 'column', column: 'title' }`, `where: { pages: { «gt»: true } },`),
    says: `Type 'true' is not assignable to type 'bigint | number | string | undefined'.`,
  },
  {
    about: 'a limit',
    schema: bookWith(`{ ${copies}, «limit»: '3', ${shelf} }`),
    says: `Type 'string' is not assignable to type 'number'.`,
  },
  {
    about: 'keepNulls',
    schema: bookWith(`{ ${copies}, «keepNulls»: 'yes', ${shelf} }`),
    says: `Type 'string' is not assignable to type 'boolean | undefined'.`,
  },
  {
    about: 'a cast',
    schema: bookWith(`{ type: 'column', column: 'title', «cast»: 5 }`),
    says: `Type 'number' is not assignable to type 'string'.`,
  },
  {
    about: 'what an aggregate is of',
    schema: bookWith(
      `{ type: 'aggregate', function: 'sum', column: 'id', referencingTable: 'library.copy', referencingColumn: 'bookId', schema: { type: 'column', «column»: 'nubmer' } }`,
    ),
    says: `Type '"nubmer"' is not assignable to type ${ofCopy}. Did you mean '"number"'?`,
  },
  {
    about: 'an object without properties',
    schema: bookWith(`{ type: 'object' }`).replace('it:', '«it»:'),
    says: `Property 'properties' is missing in type '{ type: "object"; }' but required in type '{ readonly type: "object"; readonly properties: undefined; }'.`,
  },
  {
    about: 'a name in the place of a schema',
    schema: `{ table: 'book', primaryKey: 'id', «schema»: 'title' }`,
    says: `Type 'string' is not assignable to type '{ readonly [field: string]: unknown; readonly type: "aggregate" | "column" | "expression" | "many-to-one" | "object" | "one-to-many"; }'.`,
  },
  {
    about: 'a field of the root',
    schema: `{ table: 'author', primaryKey: 'id', «wehre»: { id: 1 }, schema: { type: 'column', column: 'name' } }`,
    says: `Object literal may only specify known properties, but 'wehre' does not exist in type '{ readonly table: "author"; readonly primaryKey: "countryId" | "id" | "name"; readonly schema: { readonly type: "column"; readonly column: "countryId" | "id" | "name"; readonly cast?: string | undefined; }; readonly where?: ConditionOn<...> | undefined; }'. Did you mean to write 'where'?`,
  },
  {
    about: 'a schema in a variable that is no constant',
    schema: `«variable»`,
    says: `Argument of type '{ table: string; primaryKey: string; schema: { type: string; column: string; }; }' is not assignable to parameter of type '{ readonly table: string; readonly primaryKey: "authorId" | "id" | "pages" | "status" | "title"; readonly schema: { readonly [field: string]: unknown; readonly type: "aggregate" | "column" | "expression" | "many-to-one" | "object" | "one-to-many"; }; readonly where?: ConditionOn<...> | undefined; }'.
  Types of property 'primaryKey' are incompatible.
    Type 'string' is not assignable to type '"authorId" | "id" | "pages" | "status" | "title"'.`,
  },
]

export interface BadSchema {
  readonly about: string
  /** Of the mark in the program, counted from 1. */
  readonly line: number
  readonly column: number
  readonly says: string
}

/** A program with the schemas one below the other, without their marks. */
export function badSchemas(): { readonly program: string; readonly schemas: readonly BadSchema[] } {
  const schemas: BadSchema[] = []
  let program = database
  for (const { about, schema, says } of cases) {
    const lines = `${program}defineSchema<DB>()(${schema.slice(0, schema.indexOf('«'))}`.split('\n')
    schemas.push({ about, line: lines.length, column: lines.at(-1)!.length + 1, says })
    program += `defineSchema<DB>()(${schema.replaceAll(/[«»]/g, '')})\n`
  }
  return { program, schemas }
}

import type { TypedSchema } from './typed-schema.ts'
import type { BuiltId, BuiltObject } from './typing/built-object.ts'
import type { Checked } from './typing/checked-schema.ts'
import type { AnyDatabase } from './typing/row-of.ts'

/**
 * Lets the compiler check a schema against the tables of a database, given as Kysely and its generators write it. A table or
 * column that is not there is a compile error where it is named, editors complete the names, and `onChange` receives objects
 * of the right type. At run time the schema comes back as it is.
 *
 * @example
 * ```ts
 * interface DB {
 *   book: { id: string; title: string | null; authorId: number }
 *   author: { id: number; name: string }
 * }
 *
 * const schema = defineSchema<DB>()({
 *   table: 'book',
 *   primaryKey: 'id',
 *   schema: {
 *     type: 'object',
 *     properties: {
 *       title: { type: 'column', column: 'title' },
 *       author: {
 *         type: 'many-to-one',
 *         column: 'authorId',
 *         referencesTable: 'author',
 *         referencesColumn: 'id',
 *         hasFKConstraint: true,
 *         schema: { type: 'column', column: 'name' },
 *       },
 *     },
 *   },
 * })
 * type Book = ObjectOf<typeof schema> // { title: string | null; author: string }
 * ```
 *
 * Without `DB` every name is taken, and the value of a column is `unknown`.
 */
export function defineSchema<DB = AnyDatabase>(): <const S>(
  schema: Argument<DB, S>,
) => TypedSchema<BuiltObject<DB, S>, BuiltId<S>> {
  return (schema) => schema as never
}

/** The branch that is never taken is where `S` is inferred from. */
type Argument<DB, S> = S extends never ? S : Checked<DB, S>['root']

import type { RootSchema } from './schema.ts'

/** A {@link RootSchema} that tells the compiler what its objects and ids are; made by `defineSchema`. */
export interface TypedSchema<Built = unknown, Id = string> extends RootSchema {
  /** For the compiler alone: at run time there is no such property. */
  readonly '~types'?: { readonly object: Built; readonly id: Id } | undefined
}

/**
 * The objects of a schema that `defineSchema` has made, as `onChange` receives them.
 *
 * @example
 * ```ts
 * const schema = defineSchema<DB>()({ table: 'book', primaryKey: 'id', schema: { type: 'column', column: 'title' } })
 * type Title = ObjectOf<typeof schema> // string | null
 * ```
 */
export type ObjectOf<Schema> = Schema extends TypedSchema<infer Built, unknown> ? Built : never

/**
 * The ids of a schema that `defineSchema` has made, as `onChange` receives them: a string, whatever the type of the key. Of a key
 * of several columns it is an object of them, each a string.
 *
 * @example
 * ```ts
 * const schema = defineSchema<DB>()({ table: 'copy', primaryKey: ['bookId', 'number'], schema: … })
 * type CopyId = IdOf<typeof schema> // { bookId: string; number: string }
 * ```
 */
export type IdOf<Schema> =
  Schema extends TypedSchema<unknown, infer Id> ? (unknown extends Id ? string : Id) : never

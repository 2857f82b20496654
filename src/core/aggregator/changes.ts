/**
 * What changed, one batch of it. Applying every `Changes` in order keeps a replica equal to the objects.
 *
 * @example
 * ```ts
 * const onChange = async ({ upsert, delete: deleted }: Changes) => {
 *   await index.put(upsert.map(({ id, object }) => ({ id, ...object })))
 *   await index.remove(deleted)
 * }
 * ```
 */
export interface Changes<Built = unknown, Id = string> {
  /**
   * `id` is a string: the text that Postgres prints for the primary key, whatever its type, the event source and the set. Of a
   * key of several columns it is an object of them, each as such a text: `{ orderId: '7', line: 'a' }`.
   *
   * `object` is what the schema describes, with nothing around it: as JSON.parse would read it, but for numbers that it would
   * round.
   */
  readonly upsert: readonly { readonly id: Id; readonly object: Built }[]
  /** Ids without a row. An id that was never upserted may occur. */
  readonly delete: readonly Id[]
  /**
   * Orders the states of the database: of two Changes that hold the same id, the one with the smaller version is older. Taken
   * in the snapshot that the objects come from. A sink can refuse an older write by it (`WHERE version <= $1`, or
   * `external_gte` in Elasticsearch). It orders what is read on a primary.
   */
  readonly version: bigint
}

/**
 * That the root table was emptied: all objects are gone.
 *
 * @example
 * ```ts
 * const onTruncate = async ({ version }: Truncation) => {
 *   await client.query('UPDATE book_index SET object = NULL, version = $1 WHERE version < $1', [version])
 * }
 * ```
 */
export interface Truncation {
  /**
   * Comparable with that of {@link Changes}, and taken when the TRUNCATE is visible. What comes afterwards with a smaller one was read before, by a
   * builder that stood still for longer than its lease: a sink that is to exclude that refuses it, for any id.
   */
  readonly version: bigint
}

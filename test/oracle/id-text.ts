import type { Changes, RootSchema } from 'pg-capture'

/**
 * The one text of an id as a user gets it: of a key of several columns the JSON array of their texts. What has not the form of
 * an id of this schema gets a text that no object has.
 */
export function idTextOf({ primaryKey }: Pick<RootSchema, 'primaryKey'>, id: unknown): string {
  const columns = [primaryKey].flat()
  if (columns.length === 1) return typeof id === 'string' ? id : wrong(id)
  if (typeof id !== 'object' || id === null || Object.keys(id).length !== columns.length) return wrong(id)
  const texts = columns.map((column): unknown =>
    Object.hasOwn(id, column) ? Reflect.get(id, column) : undefined,
  )
  return texts.every((text) => typeof text === 'string') ? JSON.stringify(texts) : wrong(id)
}

function wrong(id: unknown): string {
  return `an id of a wrong form: ${JSON.stringify(id)}`
}

/** The changes with the texts of their ids. */
export function changesByText(
  schema: RootSchema,
  { upsert, delete: deleted, version }: Changes<unknown, unknown>,
): Changes {
  return {
    upsert: upsert.map(({ id, object }) => ({ id: idTextOf(schema, id), object })),
    delete: deleted.map((id) => idTextOf(schema, id)),
    version,
  }
}

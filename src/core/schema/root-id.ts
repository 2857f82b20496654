import { CaptureError } from '../errors/capture-error.ts'
import { columnsOfKey, keyOfColumns } from '../events/key-of-columns.ts'
import { idText } from '../pending/id-text.ts'
import type { Plan } from './plan.ts'

/**
 * The id of an object: the text that Postgres prints for its key, and for a key of several columns an object of them, each as
 * such a text.
 *
 * @example
 * ```ts
 * const id: RootId = '7' // primaryKey: 'id'
 * const composite: RootId = { orderId: '7', line: 'a' } // primaryKey: ['orderId', 'line']
 * ```
 */
export type RootId = string | Readonly<Record<string, string>>

/** The id of a text, as pending sets hold it: the text itself, or the object of its columns. */
export function rootIdOf({ primaryKey }: Plan, text: string): RootId {
  if (primaryKey.length === 1) return text
  const texts = columnsOfKey(text, primaryKey.length)
  return Object.fromEntries(primaryKey.map((column, index) => [column, texts[index] as string]))
}

/** The id that a statement's row holds, as Postgres prints it: of several columns it is a JSON object. */
export function printedRootId({ primaryKey }: Plan, printed: string): RootId {
  return primaryKey.length === 1 ? printed : (JSON.parse(printed) as RootId)
}

/** The text of an id that came from outside, in either form. */
export function rootIdText(plan: Plan, id: unknown): string {
  return keyOfColumns(rootIdColumns(plan, id))
}

/**
 * The texts of an id's columns, in the order of the primary key.
 *
 * @throws CaptureError `OPTION_INVALID`
 */
export function rootIdColumns({ primaryKey }: Plan, id: unknown): readonly string[] {
  if (primaryKey.length === 1) return [idText(id)]
  if (typeof id === 'string') return columnsOfKey(id, primaryKey.length)
  if (typeof id === 'object' && id !== null && primaryKey.every((column) => Object.hasOwn(id, column)))
    return primaryKey.map((column) => idText(Reflect.get(id, column)))
  throw new CaptureError(
    'OPTION_INVALID',
    `An id of this schema is an object with a value for each of ${primaryKey.map((name) => `"${name}"`).join(', ')}.`,
  )
}

import { columnsOfKey } from '../events/key-of-columns.ts'
import { keyText } from '../events/key-text.ts'
import type { Plan } from './plan.ts'

/** The texts of an id's columns, in the order of the primary key. */
export function idColumnTexts({ primaryKey }: Plan, id: unknown): readonly string[] {
  return columnsOfKey(keyText(id), primaryKey.length)
}

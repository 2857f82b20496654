import { sql } from './fragment.ts'
import type { SqlParts } from './query-builder.ts'

/** What the text of a value depends on, as the replication session has it too: one value is one text everywhere. */
const SETTINGS: Readonly<Record<string, string>> = {
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
}

const SET = Object.entries(SETTINGS)
  .map(([name, value]) => `SET_CONFIG('${name}', '${value}', TRUE)`)
  .join(' || ')

/**
 * The statement, a SELECT, with its values as text in the same form in every session. `columns` are over `"row"`, a row of it.
 *
 * The settings end with the transaction, so that the session keeps its own. They are there before the statement reads its first row,
 * whatever the plan: a LATERAL that needs them can't start without them, and OFFSET 0 keeps it in one piece.
 *
 * @example
 * ```ts
 * inFixedSettings(sql`SELECT "at" FROM "event"`, `FORMAT('%s', "row"."at") AS "at"`)
 * ```
 */
export function inFixedSettings(statement: SqlParts, columns = '"row".*'): SqlParts {
  return sql`SELECT ${columns} FROM (SELECT ${SET} AS "are") AS "settings" CROSS JOIN LATERAL (SELECT * FROM (${statement}) AS "inner" WHERE "settings"."are" IS NOT NULL OFFSET 0) AS "row"`
}

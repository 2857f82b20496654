import { joinSql, sql } from '../sql/fragment.ts'
import { quoteLiteral } from '../sql/identifier.ts'
import type { SqlParts } from '../sql/query-builder.ts'

/** A function of Postgres takes 100 arguments. */
const PROPERTIES_PER_CALL = 50

/** Beyond what one call takes, the properties are aggregated from a list of rows: the same object in the same order. */
export function jsonObject(properties: readonly (readonly [name: string, value: SqlParts])[]): SqlParts {
  if (properties.length <= PROPERTIES_PER_CALL) {
    const pairs = properties.map(([name, value]) => sql`${quoteLiteral(name)}, ${value}`)
    return sql`JSON_BUILD_OBJECT(${joinSql(pairs, ', ')})`
  }
  const rows = properties.map(([name, value]) => sql`(${quoteLiteral(name)}, TO_JSON(${value}))`)
  return sql`(SELECT JSON_OBJECT_AGG("name", "value") FROM (VALUES ${joinSql(rows, ', ')}) AS "property" ("name", "value"))`
}

import { CaptureError } from '../errors/capture-error.ts'
import { filterSql } from '../schema/filter.ts'
import { type Plan, planOf } from '../schema/plan.ts'
import { printedRootId, rootIdColumns } from '../schema/root-id.ts'
import type { TypedSchema } from '../schema/typed-schema.ts'
import { arrayParameterLike } from '../sql/array-parameter.ts'
import { asPrinted } from '../sql/as-printed.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import { quoteIdentifier } from '../sql/identifier.ts'
import { inFixedSettings } from '../sql/in-fixed-settings.ts'
import { isAmong } from '../sql/is-among.ts'
import { keyObject } from '../sql/key-object.ts'
import { QueryBuilder, type SqlParts } from '../sql/query-builder.ts'
import { objectSql } from './object-expression.ts'
import { parseObject } from './parse-object.ts'

/** Beyond this the ids go as one array: a statement takes 65,535 parameters, and far fewer are a burden to plan. */
const IDS_AS_PARAMETERS = 1_000

/**
 * The statement that reads the objects of the given ids; a row is `{ id, object }`, and an id without a row has no object.
 *
 * @example
 * ```ts
 * buildSchemaQuery(schema, ['foo', 'bar']).toQuery().text
 * // SELECT "book_1"."id" AS "id",
 * //   JSON_BUILD_OBJECT('id', "book_1"."id", 'title', "book_1"."title", 'author', "author_2"."object") AS "object"
 * // FROM "book" AS "book_1"
 * // LEFT JOIN (SELECT "author_1"."id" AS "id", "author_1"."name" AS "object" FROM "author" AS "author_1") AS "author_2"
 * //   ON "book_1"."authorId" = "author_2"."id"
 * // WHERE "book_1"."id" IN ($1, $2)
 * ```
 *
 * Of the rows that `run` gives, `id` is text, or an object of texts for a key of several columns, and `object` holds no rounded number:
 * both are what an EventAggregator emits.
 *
 * @throws SchemaError
 * @throws CaptureError `OPTION_INVALID` for what is no id.
 */
export function buildSchemaQuery<Built = unknown, Id = string>(
  schema: TypedSchema<Built, Id>,
  ids: readonly unknown[],
): QueryBuilder<{ id: Id; object: Built }> {
  const plan = planOf(schema)
  const { alias, from, joins, expression } = objectSql(plan)
  const keys = plan.primaryKey.map((column) => `${alias}.${quoteIdentifier(column)}`)
  const id = keys.length === 1 ? keys.join('') : keyObject(plan.primaryKey, alias)
  const { filter } = plan.root
  const asked = idCondition(plan, keys, ids)
  const condition = filter === null ? asked : sql`${asked} AND ${filterSql(filter, alias)}`
  const statement = sql`SELECT ${id} AS "id", ${expression} AS "object" FROM ${from}${joins} WHERE ${condition}`
  return new QueryBuilder(statement, {
    statement: inFixedSettings(
      statement,
      `${asPrinted(['"row"."id"'])} AS "id", "row"."object"::text AS "object"`,
    ),
    row: (row) => {
      const { printed, object } = readRow(row)
      return {
        id: printedRootId(plan, printed) as Id,
        object: (object === null ? null : parseObject(object)) as Built,
      }
    },
  })
}

function readRow(row: unknown): { printed: string; object: string | null } {
  const { id: printed, object } = Object(row) as Record<string, unknown>
  if (typeof printed === 'string' && (typeof object === 'string' || object === null))
    return { printed, object }
  throw new CaptureError(
    'CLIENT_RESULT_INVALID',
    'The client gave a row without the text columns "id" and "object" that were asked for. Pass a client whose ' +
      'query(text, values) resolves to { rows } with one object per row, text as string and NULL as null.',
  )
}

function idCondition(plan: Plan, keys: readonly string[], ids: readonly unknown[]): SqlParts {
  if (ids.length === 0) return ['FALSE']
  const texts = ids.map((id) => rootIdColumns(plan, id))
  const [key = '', ...others] = keys
  if (others.length > 0) {
    const arrays = plan.primaryKey.map((column, at) =>
      arrayParameterLike(plan.root.table, column, { value: texts.map((text) => text[at]) }),
    )
    return isAmong(keys, arrays)
  }
  const values = texts.map(([text]) => text)
  if (values.length > IDS_AS_PARAMETERS) return sql`${key} = ANY(${[{ value: values }]})`
  return sql`${key} IN (${joinSql(
    values.map((value): SqlParts => [{ value }]),
    ', ',
  )})`
}

import { keyText } from '../events/key-text.ts'
import { planOf } from '../schema/plan.ts'
import type { RootSchema } from '../schema/schema.ts'
import { quoteIdentifier } from '../sql/identifier.ts'
import { type Parameter, QueryBuilder, type SqlParts } from '../sql/query-builder.ts'
import { objectSql } from './object-expression.ts'

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
 * `id` is what the driver makes of the column; `object` is JSON that the driver has parsed.
 *
 * @throws SchemaError
 */
export function buildSchemaQuery(
  schema: RootSchema,
  ids: readonly unknown[],
): QueryBuilder<{ id: unknown; object: unknown }> {
  const plan = planOf(schema)
  const { alias, from, joins, expression } = objectSql(plan)
  const id = `${alias}.${quoteIdentifier(plan.primaryKey)}`
  return new QueryBuilder([
    `SELECT ${id} AS "id", ${expression} AS "object" FROM ${from}${joins} WHERE `,
    ...idCondition(id, ids.map(keyText)),
  ])
}

function idCondition(id: string, ids: readonly string[]): SqlParts {
  const [first, ...others] = ids.map((value): Parameter => ({ value }))
  if (first === undefined) return ['FALSE']
  if (ids.length > IDS_AS_PARAMETERS) return [`${id} = ANY(`, { value: ids }, ')']
  return [`${id} IN (`, first, ...others.flatMap((other) => [', ', other]), ')']
}

import { CaptureError } from '../errors/capture-error.ts'
import { columnArrays } from '../events/key-of-columns.ts'
import { filterSql } from '../schema/filter.ts'
import { type Plan, planOf } from '../schema/plan.ts'
import type { RootSchema } from '../schema/schema.ts'
import type { QueryClient } from '../sql/client.ts'
import { arrayParameterLike } from '../sql/array-parameter.ts'
import { asPrinted } from '../sql/as-printed.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import { quoteIdentifier } from '../sql/identifier.ts'
import { inFixedSettings } from '../sql/in-fixed-settings.ts'
import { isAmong } from '../sql/is-among.ts'
import type { Parameter, SqlParts } from '../sql/query-builder.ts'
import { compileStatement, type Statement } from '../sql/statement.ts'
import { objectSql } from './object-expression.ts'
import { type InexactNumbers, parseObject } from './parse-object.ts'
import { SNAPSHOT_VERSION } from './snapshot-version.ts'

/** What became of the ids asked for, all of it read in one snapshot. */
export interface Objects {
  /** Those that have a row, with their object. */
  readonly present: { id: string; object: unknown }[]
  /** Those that have none. */
  readonly absent: string[]
  /** Orders snapshots: of two, the later one never has the smaller number. */
  readonly version: bigint
}

/**
 * Reads the objects of the ids in one statement, so in one snapshot.
 *
 * The ids go in as one array of the primary key's type and come back in the text form that Postgres gives them: a UUID in
 * capitals is the row's own id again, and an id without a row comes back too, in the form that its row would have.
 *
 * @throws CaptureError `CLIENT_RESULT_INVALID` where the client changes what Postgres sent.
 */
export async function readObjects(
  schema: RootSchema,
  ids: readonly string[],
  client: QueryClient,
  inexactNumbers?: InexactNumbers,
): Promise<Objects> {
  const plan = planOf(schema)
  const { text, fixed } = statementOf(plan)
  const { rows } = await client.query(text, [...columnArrays(ids, plan.primaryKey.length), ...fixed])
  const present = new Map<string, unknown>()
  const absent = new Set<string>()
  let version = -1n
  for (const row of rows) {
    const { asked, id, object, version: versionText } = readRow(row)
    // A key may have changed to an equal one of another text (1.0 to 1.00, a to A): under the text asked for, nothing is left.
    if (id !== asked) absent.add(asked)
    if (id !== null && object !== null && !present.has(id))
      present.set(id, parseObject(object, inexactNumbers))
    version = BigInt(versionText)
  }
  return {
    present: Array.from(present, ([id, object]) => ({ id, object })),
    absent: [...absent].filter((id) => !present.has(id)),
    version,
  }
}

const statements = new WeakMap<Plan, Statement>()

function statementOf(plan: Plan): Statement {
  const known = statements.get(plan)
  if (known !== undefined) return known
  const statement = writeStatement(plan)
  statements.set(plan, statement)
  return statement
}

function writeStatement(plan: Plan): Statement {
  const ids: Parameter[] = []
  const asked: string[] = []
  const arrays: SqlParts[] = []
  for (const [index, column] of plan.primaryKey.entries()) {
    const parameter: Parameter = { value: null }
    ids.push(parameter)
    asked.push(quoteIdentifier(index === 0 ? 'id' : `id${index + 1}`))
    // The inner SELECT hides from the planner how many ids there are. Every batch so has one plan, by index from end to end;
    // thousands of ids that it can count look dear enough to read tables whole and to compile (JIT), which costs far more.
    arrays.push(sql`COALESCE((SELECT ${arrayParameterLike(plan.root.table, column, parameter)}), NULL)`)
  }
  const { alias, from, joins, expression } = objectSql(plan, (columns) => isAmong(columns, arrays))
  const keys = plan.primaryKey.map((column) => `${alias}.${quoteIdentifier(column)}`)
  const { filter } = plan.root
  const isAsked = keys.map((key, index) => `${key} = "asked".${asked[index]}`)
  const on = joinSql(filter === null ? isAsked : [...isAsked, filterSql(filter, alias)], ' AND ')
  const isThere = `${keys[0]} IS NOT NULL`
  // No table's alias is "asked": each ends in a number.
  return compileStatement(
    inFixedSettings(
      joinSql(
        [
          `SELECT ${asPrinted(asked.map((name) => `"asked".${name}`))} AS "asked"`,
          `, CASE WHEN ${isThere} THEN ${asPrinted(keys)} END AS "id"`,
          sql`, CASE WHEN ${isThere} THEN COALESCE((${expression})::text, 'null') END AS "object"`,
          `, ${SNAPSHOT_VERSION}::text AS "version"`,
          sql` FROM UNNEST(${joinSql(arrays, ', ')}) AS "asked" (${asked.join(', ')})`,
          sql` LEFT JOIN ${from} ON ${on}${joins}`,
        ],
        '',
      ),
    ),
    ids,
  )
}

interface ObjectRow {
  readonly asked: string
  /** The row's own key; `null` where there is no row. */
  readonly id: string | null
  readonly object: string | null
  readonly version: string
}

function readRow(row: unknown): ObjectRow {
  if (
    typeof row === 'object' &&
    row !== null &&
    'asked' in row &&
    'id' in row &&
    'object' in row &&
    'version' in row
  ) {
    const { asked, id, object, version } = row
    if (typeof asked === 'string' && isText(id) && isText(object) && typeof version === 'string') {
      return { asked, id, object, version }
    }
  }
  throw new CaptureError(
    'CLIENT_RESULT_INVALID',
    'The client gave a row without the text columns "asked", "id", "object" and "version" that were asked for. Pass a client ' +
      'whose query(text, values) resolves to { rows } with one object per row, text as string and NULL as null.',
  )
}

function isText(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

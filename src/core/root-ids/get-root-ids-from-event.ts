import { CaptureError } from '../errors/capture-error.ts'
import { checkEvent } from '../events/check-event.ts'
import { columnsOfKey } from '../events/key-of-columns.ts'
import { displayTableName, parseTableName, tableKey } from '../events/table-name.ts'
import type { WALEvent } from '../events/wal-event.ts'
import { type Plan, planOf, type TableNode } from '../schema/plan.ts'
import { printedRootId, rootIdOf } from '../schema/root-id.ts'
import type { TypedSchema } from '../schema/typed-schema.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import { asPrinted } from '../sql/as-printed.ts'
import { inFixedSettings } from '../sql/in-fixed-settings.ts'
import { QueryBuilder, type SqlParts } from '../sql/query-builder.ts'
import { affectedKeys } from './affected-keys.ts'
import { idOfRow } from './id-of-row.ts'
import type { LookUp } from './look-up.ts'
import { allRootIds, pathsOf } from './path-to-root.ts'

export interface RootIds<Id = string> {
  /** The ids that the event itself tells: texts, or objects of them for a key of several columns. */
  readonly ids: Id[]
  /** Finds the ids of the other objects; `null` where no look-up is needed. */
  readonly query: QueryBuilder<{ id: Id }> | null
}

/**
 * Tells which objects an event can change: ids where the event itself names them, a query for the rest.
 *
 * @example
 * ```ts
 * const { ids, query } = getRootIdsFromEvent(schema, {
 *   action: 'UPDATE',
 *   table: 'author',
 *   data: { id: 'bar', name: 'Alice' },
 *   dataOld: { id: 'bar', name: 'Bob' },
 * })
 * ids // []
 * query.toString()
 * // SELECT "book_1"."id" AS "id" FROM "book" AS "book_1" WHERE "book_1"."authorId" = 'bar' GROUP BY "book_1"."id"
 * ```
 *
 * An event that can't change an object, such as an UPDATE of columns that the schema does not read, gives neither.
 *
 * @throws SchemaError
 * @throws CaptureError `EVENT_MALFORMED`; `EVENT_VALUE_UNKNOWN` where a key that is needed was not sent;
 *   `TRUNCATE_UNHANDLED` for a TRUNCATE of the root table, after which there are no ids to give.
 */
export function getRootIdsFromEvent<Id = string>(
  schema: TypedSchema<unknown, Id>,
  event: WALEvent,
): RootIds<Id> {
  checkEvent(event)
  const plan = planOf(schema)
  const nodes = nodesOf(plan, event)
  if (event.action === 'TRUNCATE') return truncated(plan, nodes)

  const ids = new Set<string>()
  // Two places of one table may need one and the same look-up.
  const lookUps = new Map<string, SqlParts>()
  const paths = pathsOf(plan, 'value')
  for (const node of nodes) {
    const path = paths.get(node)
    if (path === undefined) continue
    const keys = affectedKeys(node, event, path.keyColumns, false)
    // Whether a path may end before the root is for the types of its columns to say, unless the changed row has the id itself.
    const lookUp = path.short?.lookUp === null ? null : path.lookUp
    if (lookUp === null) keys.forEach((key) => ids.add(key))
    else if (keys.length > 0) lookUps.set(JSON.stringify([lookUp.identity, keys]), lookUpParts(lookUp, keys))
  }
  return {
    ids: Array.from(ids, (id) => rootIdOf(plan, id) as Id),
    query: lookUps.size === 0 ? null : idsQuery(plan, joinSql([...lookUps.values()], ' UNION ')),
  }
}

function idsQuery<Id>(plan: Plan, statement: SqlParts): QueryBuilder<{ id: Id }> {
  return new QueryBuilder(statement, {
    statement: inFixedSettings(statement, `${asPrinted(['"row"."id"'])} AS "id"`),
    row: (row) => ({ id: printedRootId(plan, idOfRow(row)) as Id }),
  })
}

/** The places of the schema that read the event's table. */
export function nodesOf(plan: Plan, event: WALEvent): readonly TableNode[] {
  return plan.nodesByTable.get(tableKey(parseTableName(event.table, event.schema))) ?? []
}

export function rootTruncated(plan: Plan): CaptureError {
  return new CaptureError(
    'TRUNCATE_UNHANDLED',
    `Table ${displayTableName(plan.root.table)} was truncated, so that every object is gone. Give the EventAggregator an ` +
      'onTruncate that removes all objects.',
  )
}

function truncated<Id>(plan: Plan, nodes: readonly TableNode[]): RootIds<Id> {
  if (nodes.includes(plan.root)) throw rootTruncated(plan)
  return { ids: [], query: nodes.length === 0 ? null : idsQuery(plan, allRootIds(plan)) }
}

function lookUpParts({ head, columns, tail }: LookUp, keys: readonly string[]): SqlParts {
  const isOne = columns.length === 1
  const values = keys.map((key) => {
    const texts = columnsOfKey(key, columns.length).map((value): SqlParts => [{ value }])
    return isOne ? joinSql(texts, '') : sql`(${joinSql(texts, ', ')})`
  })
  const key = isOne ? columns.join('') : `(${columns.join(', ')})`
  const condition = values.length === 1 ? sql`= ${joinSql(values, '')}` : sql`IN (${joinSql(values, ', ')})`
  return sql`${head}${key} ${condition}${tail}`
}

import { buildSchemaQuery, getRootIdsFromEvent, type RootSchema, type WALEvent } from 'pg-capture'
import type { Coverage } from './coverage.ts'
import { canonicalText, evaluate } from './evaluate.ts'
import { idTextOf } from './id-text.ts'
import type { OracleServer } from './oracle-server.ts'
import type { Script } from './script.ts'
import { sameTypedLinks, withPromises } from './schema-changes.ts'
import type { TableState } from './table-state.ts'

/**
 * Brings a copy of the first state up to the last by the two functions alone, as the process page explains them, and says
 * how it differs. All events are handed over when everything has happened.
 */
export async function problemsByHand(
  server: OracleServer,
  script: Script,
  events: readonly WALEvent[],
  states: readonly TableState[],
  coverage: Coverage,
): Promise<string[]> {
  const [first] = states
  const last = states.at(-1)
  // An id of another type can't be told from the event, and a row that comes back under a promise needs the aggregator.
  if (first === undefined || last === undefined || !sameTypedLinks(script)) return []
  const schema: RootSchema = { ...script.schema, schema: withPromises(script.schema.schema, false) }
  const replica = evaluate(schema, first)
  if (events.some(({ action }) => action === 'TRUNCATE')) return []
  // Nothing changes any more, so it is all the same in which order, and in how many statements, objects are read.
  const found = await Promise.all(events.map((event) => rootIds(server, schema, event)))
  const ids = [...new Set(found.flat())]
  const given = ids.map((id) => asGiven(schema, id))
  const built = ids.length === 0 ? [] : await buildSchemaQuery(schema, given).run(server.pool)
  for (const id of ids) replica.delete(id)
  for (const { id, object } of built) replica.set(idTextOf(schema, id), object)
  coverage.count('by hand')
  const expected = evaluate(schema, last)
  const text = (of: Map<string, unknown>, id: string): string =>
    of.has(id) ? canonicalText(schema.schema, of.get(id), script.tables) : 'nothing'
  return [...new Set([...expected.keys(), ...replica.keys()])].flatMap((id) =>
    text(expected, id) === text(replica, id)
      ? []
      : [`By hand, the replica has ${text(replica, id)} for ${id}, it should have ${text(expected, id)}.`],
  )
}

async function rootIds(server: OracleServer, schema: RootSchema, event: WALEvent): Promise<string[]> {
  const { ids, query } = getRootIdsFromEvent(schema, event)
  const found = query === null ? [] : await query.run(server.pool)
  return [...ids, ...found.map(({ id }) => id)].map((id) => idTextOf(schema, id))
}

/** An id of several columns may be handed in as the object, in any order, or as its text. */
function asGiven({ primaryKey }: RootSchema, text: string): unknown {
  const columns = [primaryKey].flat()
  if (columns.length === 1 || text.length % 3 === 0) return text
  const texts = JSON.parse(text) as unknown[]
  return Object.fromEntries(columns.map((column, index) => [column, texts[index]] as const).toReversed())
}

import type { QueryClient } from './client.ts'
import { sqlStateOf } from './sql-state.ts'

/** A client of the `pg` package, or one that takes the same: a statement with a name is prepared once for each connection. */
export interface NamingClient {
  query(statement: { name: string; text: string; values: unknown[] }): Promise<{ rows: unknown[] }>
}

/**
 * How many texts get a name. A server keeps each for as long as the connection lasts; an aggregator has a few for each place of
 * its schema, so only texts that are made anew for each call come so far.
 */
const MOST_NAMES = 1_000

/** Two clients over one pool must not give one name to two texts. */
let clients = 0
const ofThisProcess = Math.random().toString(36).slice(2)

/**
 * A client whose statements are prepared: Postgres plans each once for a connection, not for every batch. Planning is most of
 * what a build of a few objects costs.
 *
 * @example
 * ```ts
 * const aggregator = new EventAggregator({ schema, client: prepared(new Pool({ connectionString })), onChange })
 * // PREPARE pg_capture_k3v1x_1_1 AS SELECT …   -- at the first build over a connection
 * // EXECUTE pg_capture_k3v1x_1_1 ('{7,9}')     -- at each
 * ```
 *
 * Behind a pooler that hands connections from one client to the next, only where it knows prepared statements: PgBouncer does from
 * 1.21 on, with `max_prepared_statements` above 0. Else each statement fails and is run a second time.
 */
export function prepared(client: NamingClient): QueryClient {
  const names = new Map<string, string>()
  const prefix = `pg_capture_${ofThisProcess}_${(clients += 1)}_`
  let given = 0
  return {
    async query(text, values) {
      let name = names.get(text)
      if (name === undefined && given < MOST_NAMES) {
        name = `${prefix}${(given += 1)}`
        names.set(text, name)
      }
      try {
        // Under an empty name Postgres keeps nothing.
        return await client.query({ name: name ?? '', text, values })
      } catch (error) {
        if (name === undefined || !mayBeOutdated(error)) throw error
        names.delete(text)
        return client.query({ name: '', text, values })
      }
    },
  }
}

/**
 * Whether the reason may be what was prepared, and not the statement: it was analysed before a column changed its type (classes
 * 0A and 42), or the connection does not have it (class 26). A statement that only reads may be run again.
 */
function mayBeOutdated(error: unknown): boolean {
  return /^(0A|26|42)/.test(sqlStateOf(error) ?? '')
}

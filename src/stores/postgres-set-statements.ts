import type { PostgresSetTable } from './postgres-set-table.ts'

/** How many expired ids a claim takes or returns at the least, if there are so many. */
const returnable = 10_000

const lastPlace = '9223372036854775807'

/**
 * The statements of a PostgresSet, each of them one operation. `$1` is the name of the set, and ids come as one array, `$2`.
 *
 * A row is an id. It is pending where it has a `place` in the queue, else in flight, with a `token`. In flight and pending again,
 * it has a place for later in `again`.
 *
 * - Whoever waits for rows locks them in the order of their ids, so that no two wait for each other. Claims never wait.
 * - A statement sees the rows as they were when it began. So each first locks its rows, which gives their newest state, and
 *   decides by that.
 * - `= ANY (ARRAY(...))` rather than a join, and rows compared as a whole, not by columns: the planner then uses the indexes,
 *   also where nobody has analysed the table since it grew.
 */
export interface PostgresSetStatements {
  readonly add: string
  readonly delete: string
  /** `$2`: from which key on, `$3`: how many. */
  readonly page: string
  readonly flights: string
  /** `$2`: how many, `$3`: lease in milliseconds. */
  readonly claim: string
  /** `$3`: token. Gives how many of those that the claim held were added again. */
  readonly acknowledge: string
  /** `$3`: token. */
  readonly release: string
  /** `$3`: token, `$4`: lease in milliseconds. Gives how many were held no more. */
  readonly renew: string
}

// An index takes 2,700 bytes. Of a long id it gets the beginning and a hash: more than 500 bytes, so it is no short id.
const key = `(CASE WHEN octet_length(given) <= 500 THEN given
  ELSE left(given, 500) || encode(sha256(convert_to(given, 'UTF8')), 'hex') END) COLLATE "C"`
const keys = `ARRAY(SELECT ${key} FROM unnest($2::text[]) AS given)`
const lease = (parameter: string): string =>
  `clock_timestamp() + ${parameter}::float8 * interval '1 millisecond'`

export function postgresSetStatements({ table, nextNumber }: PostgresSetTable): PostgresSetStatements {
  const rows = (ids: string): string => `row."set" = $1 AND row.id = ANY (ARRAY(SELECT id FROM ${ids}))`
  const held = `held AS (
    SELECT id, again FROM ${table}
    WHERE "set" = $1 AND id = ANY (${keys}) AND token = $3::bigint
    ORDER BY id FOR UPDATE
  )`
  const backToQueue = `token = NULL, lease_ends = NULL, again = NULL, place = coalesce(row.again, ${nextNumber})`

  return {
    // The update locks the row even where it changes nothing. So this waits for a claim of it that is not committed yet.
    add: `
      INSERT INTO ${table} AS row ("set", id, full_id, place)
      SELECT $1::text, id, full_id, ${nextNumber}
      FROM (
        SELECT DISTINCT ${key} AS id, CASE WHEN octet_length(given) > 500 THEN given END AS full_id
        FROM unnest($2::text[]) AS given ORDER BY id
      ) AS sorted
      ON CONFLICT ("set", id) DO UPDATE SET again = excluded.place
      WHERE row.token IS NOT NULL AND row.again IS NULL`,

    delete: `
      WITH waiting AS (
        SELECT id, token FROM ${table}
        WHERE "set" = $1 AND id = ANY (${keys}) AND coalesce(place, again) IS NOT NULL
        ORDER BY id FOR UPDATE
      ), still_in_flight AS (
        UPDATE ${table} AS row SET again = NULL WHERE ${rows('waiting WHERE token IS NOT NULL')}
      )
      DELETE FROM ${table} AS row WHERE ${rows('waiting WHERE token IS NULL')}`,

    page: `
      SELECT row.id AS key, coalesce(row.full_id, row.id) AS id FROM ${table} AS row
      WHERE row."set" = $1 AND coalesce(row.place, row.again) IS NOT NULL AND row.id >= $2
      ORDER BY row.id LIMIT $3::bigint`,

    flights: `SELECT coalesce(full_id, id) AS id FROM ${table} WHERE "set" = $1 AND token IS NOT NULL`,

    // What is pending comes before what has expired: else a row would be locked, and passed over by others, in vain.
    // The token is drawn when all rows are locked: so it is greater than that of any earlier claim of them. The clock is read
    // in a sub-select, since an index takes no function that changes from row to row.
    claim: `
      WITH pending AS (
        SELECT id, place FROM ${table}
        WHERE ROW("set", place) >= ROW($1::text, 0::bigint)
          AND ROW("set", place) <= ROW($1::text, ${lastPlace}::bigint)
        ORDER BY "set", place LIMIT $2::bigint FOR UPDATE SKIP LOCKED
      ), expired AS (
        SELECT id, lease_ends FROM ${table}
        WHERE "set" = $1 AND token IS NOT NULL AND lease_ends <= (SELECT clock_timestamp())
        ORDER BY lease_ends LIMIT greatest($2::bigint, ${returnable}) FOR UPDATE SKIP LOCKED
      ), found AS (
        SELECT id, row_number() OVER (ORDER BY place, lease_ends) AS rank
        FROM (SELECT id, place, NULL AS lease_ends FROM pending
          UNION ALL SELECT id, NULL, lease_ends FROM expired) AS either
      ), claim AS (
        SELECT ${nextNumber} AS token FROM (SELECT count(*) AS count FROM found) AS locked WHERE count > 0
      ), returned AS (
        UPDATE ${table} AS row SET ${backToQueue} WHERE ${rows('found WHERE rank > $2::bigint')}
      ), taken AS (
        UPDATE ${table} AS row SET token = claim.token, lease_ends = ${lease('$3')},
          place = NULL, again = NULL
        FROM claim WHERE ${rows('found WHERE rank <= $2::bigint')}
        RETURNING row.token, coalesce(row.full_id, row.id) AS id
      )
      SELECT token::text AS token, id FROM taken`,

    acknowledge: `
      WITH ${held}, done AS (
        DELETE FROM ${table} AS row WHERE ${rows('held WHERE again IS NULL')}
      ), again AS (
        UPDATE ${table} AS row SET token = NULL, lease_ends = NULL, again = NULL, place = row.again
        WHERE ${rows('held WHERE again IS NOT NULL')} RETURNING row.id
      )
      SELECT count(*)::int AS count FROM again`,

    release: `WITH ${held} UPDATE ${table} AS row SET ${backToQueue} WHERE ${rows('held')}`,

    renew: `
      WITH ${held}, renewed AS (
        UPDATE ${table} AS row SET lease_ends = ${lease('$4')} WHERE ${rows('held')} RETURNING row.id
      )
      SELECT (SELECT count(DISTINCT given) FROM unnest($2::text[]) AS given)::int
        - (SELECT count(*) FROM renewed)::int AS count`,
  }
}

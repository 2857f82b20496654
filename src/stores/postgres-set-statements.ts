import type { PostgresSetTable } from './postgres-set-table.ts'

/** How many expired ids a claim takes or returns at the least, if there are so many. */
const returnable = 10_000

const lastPlace = '9223372036854775807'

/**
 * The statements of a PostgresSet, each of them one operation. `$1` is the name of the set, and ids come as one array, `$2`.
 *
 * A row is an id. It is pending where it has a `place` in the queue, in flight with a `token`, waits or is parked with `retry_at`:
 * one of the three. In flight and pending again, it has a place for later in `again`.
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
  /** Those in flight that were added again. */
  readonly again: string
  /** The last place in the queue, if there is one. */
  readonly lastPlace: string
  /** `$2`, `$3`: after which place, and up to which, `$4`: how many. */
  readonly page: string
  readonly flights: string
  /** Those that wait or are parked. `$2`, `$3`: after which time and key, `$4`: how many. */
  readonly failed: string
  readonly backlog: string
  /**
   * `$2`: how many, `$3`: lease in milliseconds. Gives a row for each id, and one without an id for the time until the next retry, if
   * there is one.
   */
  readonly claim: string
  /** `$3`: token. Gives how many of those that the claim held were added again. */
  readonly acknowledge: string
  /** `$3`: token. */
  readonly release: string
  /** `$3`: token, `$4`: error, `$5`: milliseconds to wait, or `NULL` for parked. */
  readonly fail: string
  /** `$3`: token, `$4`: lease in milliseconds. Gives how many were held no more. */
  readonly renew: string
}

// An index takes 2,700 bytes. Of a long id it gets the beginning and a hash: more than 500 bytes, so it is no short id.
const key = `(CASE WHEN octet_length(given) <= 500 THEN given
  ELSE left(given, 500) || encode(sha256(convert_to(given, 'UTF8')), 'hex') END) COLLATE "C"`
const keys = `ARRAY(SELECT ${key} FROM unnest($2::text[]) AS given)`
const later = (parameter: string): string =>
  `clock_timestamp() + ${parameter}::float8 * interval '1 millisecond'`
const msBetween = (from: string, to: string): string => `extract(epoch FROM ${to} - ${from})::float8 * 1000`

export function postgresSetStatements({ table, nextNumber }: PostgresSetTable): PostgresSetStatements {
  const rows = (ids: string): string => `row."set" = $1 AND row.id = ANY (ARRAY(SELECT id FROM ${ids}))`
  const held = `held AS (
    SELECT id, again FROM ${table}
    WHERE "set" = $1 AND id = ANY (${keys}) AND token = $3::bigint
    ORDER BY id FOR UPDATE
  )`
  const landed = 'token = NULL, lease_ends = NULL, again = NULL'
  const backToQueue = `${landed}, retry_at = NULL, place = coalesce(row.again, ${nextNumber}),
    pending_since = CASE WHEN row.again IS NULL THEN clock_timestamp() ELSE row.pending_since END`
  // Rows are compared as a whole: so the planner takes the index.
  const isPending = `ROW("set", place) >= ROW($1::text, 0::bigint)
    AND ROW("set", place) <= ROW($1::text, ${lastPlace}::bigint)`

  return {
    // The update locks the row even where it changes nothing. So this waits for a claim of it that is not committed yet.
    add: `
      INSERT INTO ${table} AS row ("set", id, full_id, place, pending_since)
      SELECT $1::text, id, full_id, ${nextNumber}, clock_timestamp()
      FROM (
        SELECT DISTINCT ${key} AS id, CASE WHEN octet_length(given) > 500 THEN given END AS full_id
        FROM unnest($2::text[]) AS given ORDER BY id
      ) AS sorted
      ON CONFLICT ("set", id) DO UPDATE SET
        again = CASE WHEN row.token IS NOT NULL THEN excluded.place END,
        place = CASE WHEN row.token IS NULL THEN excluded.place END,
        retry_at = NULL, pending_since = excluded.pending_since
      WHERE row.retry_at IS NOT NULL OR row.token IS NOT NULL AND row.again IS NULL`,

    delete: `
      WITH waiting AS (
        SELECT id, token FROM ${table}
        WHERE "set" = $1 AND id = ANY (${keys}) 
          AND (coalesce(place, again) IS NOT NULL OR retry_at IS NOT NULL)
        ORDER BY id FOR UPDATE
      ), still_in_flight AS (
        UPDATE ${table} AS row SET again = NULL, pending_since = NULL WHERE ${rows('waiting WHERE token IS NOT NULL')}
      )
      DELETE FROM ${table} AS row WHERE ${rows('waiting WHERE token IS NULL')}`,

    again: `SELECT coalesce(full_id, id) AS id FROM ${table}
      WHERE "set" = $1 AND token IS NOT NULL AND again IS NOT NULL`,

    // By the column, not by its text, which has the same name.
    lastPlace: `
      SELECT place::text AS place FROM ${table} AS row WHERE ${isPending}
      ORDER BY row."set" DESC, row.place DESC LIMIT 1`,

    page: `
      SELECT place::text AS place, coalesce(full_id, id) AS id FROM ${table} AS row
      WHERE ROW("set", place) > ROW($1::text, $2::bigint) AND ROW("set", place) <= ROW($1::text, $3::bigint)
      ORDER BY row."set", row.place LIMIT $4::bigint`,

    flights: `SELECT coalesce(full_id, id) AS id FROM ${table} WHERE "set" = $1 AND token IS NOT NULL`,

    failed: `
      SELECT coalesce(full_id, id) AS id, id AS key, attempts, error,
        CASE WHEN retry_at = 'infinity' THEN 'infinity'
          ELSE to_char(retry_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') END AS due,
        ${msBetween('failing_since', 'clock_timestamp()')} AS failing_for_ms,
        CASE WHEN retry_at < 'infinity' THEN ${msBetween('clock_timestamp()', 'retry_at')} END AS retry_in_ms
      FROM ${table} AS row
      WHERE retry_at IS NOT NULL AND ROW("set", retry_at, id) > ROW($1::text, $2::timestamptz, $3::text)
        AND "set" = $1
      ORDER BY row."set", row.retry_at, row.id LIMIT $4::bigint`,

    // What is due counts as pending from the time on at which it was.
    backlog: `
      WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now), flying AS (
        SELECT count(*) AS count, count(again) AS again, min(pending_since) FILTER (WHERE again IS NOT NULL) AS oldest
        FROM ${table} WHERE "set" = $1 AND token IS NOT NULL
      ), failing AS (
        SELECT count(*) FILTER (WHERE retry_at <= now) AS due, min(retry_at) FILTER (WHERE retry_at <= now) AS oldest,
          count(*) FILTER (WHERE retry_at > now AND retry_at < 'infinity') AS retrying,
          count(*) FILTER (WHERE retry_at = 'infinity') AS parked
        FROM clock, ${table} WHERE "set" = $1 AND retry_at >= '-infinity' AND retry_at <= 'infinity'
      ), pending AS (
        SELECT count(*) AS count FROM ${table} WHERE ${isPending}
      ), first AS (
        SELECT pending_since AS oldest FROM ${table} WHERE ${isPending} ORDER BY "set", place LIMIT 1
      )
      SELECT (pending.count + failing.due + flying.again)::int AS pending, flying.count::int AS in_flight,
        failing.retrying::int AS retrying, failing.parked::int AS parked,
        ${msBetween('least(flying.oldest, failing.oldest, first.oldest)', 'clock.now')} AS oldest_pending_ms
      FROM clock, flying, failing, pending LEFT JOIN first ON true`,

    // What is pending comes before what has expired or is due: else a row would be locked, and passed over by others, in vain.
    // The token is drawn when all rows are locked: so it is greater than that of any earlier claim of them. The clock is read
    // in a sub-select, since an index takes no function that changes from row to row.
    claim: `
      WITH clock AS MATERIALIZED (
        SELECT clock_timestamp() AS now
      ), pending AS (
        SELECT id, place FROM ${table}
        WHERE ${isPending}
        ORDER BY "set", place LIMIT $2::bigint FOR UPDATE SKIP LOCKED
      ), expired AS (
        SELECT id, lease_ends FROM ${table}
        WHERE "set" = $1 AND token IS NOT NULL AND lease_ends <= (SELECT now FROM clock)
        ORDER BY lease_ends LIMIT greatest($2::bigint, ${returnable}) FOR UPDATE SKIP LOCKED
      ), due AS (
        SELECT id, retry_at FROM ${table}
        WHERE "set" = $1 AND retry_at IS NOT NULL AND retry_at <= (SELECT now FROM clock)
        ORDER BY retry_at LIMIT greatest($2::bigint, ${returnable}) FOR UPDATE SKIP LOCKED
      ), found AS (
        SELECT id, row_number() OVER (ORDER BY place, since) AS rank
        FROM (SELECT id, place, NULL AS since FROM pending
          UNION ALL SELECT id, NULL, lease_ends FROM expired
          UNION ALL SELECT id, NULL, retry_at FROM due) AS any_of_them
      ), claim AS (
        SELECT ${nextNumber} AS token FROM (SELECT count(*) AS count FROM found) AS locked WHERE count > 0
      ), returned AS (
        UPDATE ${table} AS row SET ${backToQueue} WHERE ${rows('found WHERE rank > $2::bigint')}
      ), taken AS (
        UPDATE ${table} AS row SET token = claim.token, lease_ends = ${later('$3')},
          place = NULL, again = NULL, pending_since = NULL, retry_at = NULL
        FROM claim WHERE ${rows('found WHERE rank <= $2::bigint')}
        RETURNING row.token, coalesce(row.full_id, row.id) AS id, row.attempts, row.failing_since
      )
      SELECT token::text AS token, id, attempts, ${msBetween('failing_since', 'now')} AS failing_for_ms,
        NULL::float8 AS next_retry_ms
      FROM taken, clock
      UNION ALL (
        SELECT NULL, NULL, NULL, NULL, ${msBetween('(SELECT now FROM clock)', 'retry_at')}
        FROM ${table}
        WHERE "set" = $1 AND retry_at IS NOT NULL AND retry_at > (SELECT now FROM clock) AND retry_at < 'infinity'
        ORDER BY retry_at LIMIT 1
      )`,

    acknowledge: `
      WITH ${held}, done AS (
        DELETE FROM ${table} AS row WHERE ${rows('held WHERE again IS NULL')}
      ), again AS (
        UPDATE ${table} AS row
        SET ${landed}, place = row.again, attempts = 0, failing_since = NULL, error = NULL
        WHERE ${rows('held WHERE again IS NOT NULL')} RETURNING row.id
      )
      SELECT count(*)::int AS count FROM again`,

    release: `WITH ${held} UPDATE ${table} AS row SET ${backToQueue} WHERE ${rows('held')}`,

    fail: `
      WITH ${held} UPDATE ${table} AS row
      SET ${landed}, attempts = row.attempts + 1, error = $4,
        failing_since = coalesce(row.failing_since, clock_timestamp()),
        place = CASE WHEN row.again IS NOT NULL THEN row.again WHEN $5::float8 = 0 THEN ${nextNumber} END,
        pending_since = CASE WHEN row.again IS NOT NULL THEN row.pending_since
          WHEN $5::float8 = 0 THEN clock_timestamp() END,
        retry_at = CASE WHEN row.again IS NOT NULL OR $5::float8 = 0 THEN NULL
          WHEN $5::float8 IS NULL THEN 'infinity' ELSE ${later('$5')} END
      WHERE ${rows('held')}`,

    renew: `
      WITH ${held}, renewed AS (
        UPDATE ${table} AS row SET lease_ends = ${later('$4')} WHERE ${rows('held')} RETURNING row.id
      )
      SELECT (SELECT count(DISTINCT given) FROM unnest($2::text[]) AS given)::int
        - (SELECT count(*) FROM renewed)::int AS count`,
  }
}

/** The replica is a table in a database of its own, so that it outlives every worker; beside it, all that was ever emitted. */
export const replicaSetup = `
  CREATE TABLE object (kind text, id text, version bigint NOT NULL, object json, PRIMARY KEY (kind, id));
  CREATE TABLE emission (number bigserial PRIMARY KEY, kind text, id text, version bigint NOT NULL,
    applied boolean NOT NULL, held boolean NOT NULL, worker text NOT NULL);
  CREATE TABLE poison (kind text, id text, PRIMARY KEY (kind, id))`

/** Whether one of the objects can't be taken. Parameters: kind, ids. */
export const meetsPoison = 'SELECT FROM poison WHERE kind = $1 AND id = ANY ($2::text[])'

/**
 * Takes one call of `onChange`, as a sink does that keeps versions: an older object is refused, and a deleted one leaves its
 * version behind. What is refused is noted as well, and whether the builder surely held the ids at that moment, when all
 * rows were locked.
 *
 * Parameters: kind, ids, objects (NULL: deleted), version, until when the ids are held in milliseconds, worker.
 */
export const applyChanges = `
  WITH given AS MATERIALIZED (
    SELECT id, object FROM unnest($2::text[], $3::json[]) AS given (id, object)
  ), applied AS (
    INSERT INTO object AS kept (kind, id, version, object)
    SELECT $1, id, $4, object FROM given ORDER BY id
    ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, object = excluded.object
    WHERE kept.version <= excluded.version
    RETURNING id
  )
  INSERT INTO emission (kind, id, version, applied, held, worker)
  SELECT $1, given.id, $4, applied.id IS NOT NULL, extract(epoch FROM clock_timestamp()) * 1000 < $5::float8, $6
  FROM given LEFT JOIN applied USING (id)`

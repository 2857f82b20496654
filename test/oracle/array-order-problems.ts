import { buildSchemaQuery, EventAggregator, InMemorySet } from 'pg-capture'
import type pg from 'pg'
import { quoted, quotedTable } from './arbitrary/names.ts'
import type { Coverage } from './coverage.ts'
import { idTextOf } from './id-text.ts'
import type { OracleServer } from './oracle-server.ts'
import type { Replica } from './replica.ts'
import type { Script, ScriptTable } from './script.ts'

/**
 * Builds all that was emitted once more, in one batch, from the same rows stored in the opposite order, and reads it by hand.
 * Says where an array is not what was emitted, element by element: equal data has to give equal arrays.
 */
export async function arrayOrderProblems(
  server: OracleServer,
  { schema, tables }: Script,
  replica: Replica,
  coverage: Coverage,
): Promise<string[]> {
  const emitted = new Set(replica.emissions.flatMap(({ upsert }) => upsert.map(({ id }) => String(id))))
  const ids = [...replica.objects.keys()].filter((id) => emitted.has(id))
  if (ids.length === 0) return []
  const [writer] = server.writers
  const again = new Map<string, unknown>()
  const byHand = new Map<string, unknown>()
  await writer.query(
    ['BEGIN', 'SET LOCAL session_replication_role = replica', ...tables.map(turned)].join('; '),
  )
  try {
    const client = {
      query: (text: string, values: unknown[]): Promise<pg.QueryResult> => writer.query(text, values),
    }
    const idsSet = new InMemorySet()
    await idsSet.add(ids)
    const aggregator = new EventAggregator<unknown, unknown>({
      schema,
      client,
      idsSet,
      onChange: ({ upsert }) => {
        for (const { id, object } of upsert) again.set(idTextOf(schema, id), object)
      },
    })
    await aggregator.buildObjects()
    for (const { id, object } of await buildSchemaQuery<unknown, unknown>(schema, ids).run(client))
      byHand.set(idTextOf(schema, id), object)
  } finally {
    await writer.query('ROLLBACK')
  }
  coverage.count('object built from rows stored in another order', again.size)
  return ids.flatMap((id) => {
    const text = JSON.stringify(replica.objects.get(id))
    return [again, byHand]
      .map((objects) => JSON.stringify(objects.get(id)))
      .filter((other) => other !== text)
      .map((other) => `${id} was emitted as ${text}; from rows stored in another order it is ${other}.`)
  })
}

function turned({ schema, table, columns }: ScriptTable): string {
  const name = quotedTable({ schema, table })
  const all = columns.map((column) => quoted(column.name)).join(', ')
  return (
    `WITH gone AS (DELETE FROM ${name} RETURNING *) ` +
    `INSERT INTO ${name} (${all}) SELECT ${all} FROM gone ORDER BY row_number() OVER () DESC`
  )
}

import type pg from 'pg'
import { canonicalText, evaluate } from '../oracle/evaluate.ts'
import { readTableState } from '../oracle/table-state.ts'
import { rootSchemas, tables } from './bookshop.ts'
import type { Shop } from './shop.ts'

/** An object that the replica has otherwise than the tables. */
export interface Difference {
  /** Such as `book 7`. */
  readonly object: string
  readonly is: string
  readonly should: string
}

/** How the replica differs from the tables; nothing where they are equal. */
export async function differences({
  admin,
  replica,
}: Pick<Shop, 'admin' | 'replica'>): Promise<Difference[]> {
  const kept = await replica.query<{ kind: string; id: string; object: unknown }>(
    'SELECT kind, id, object FROM object WHERE object IS NOT NULL',
  )
  const state = await readTableState(admin, tables)
  return rootSchemas.flatMap((schema) => {
    const { table: kind } = schema
    const expected = new Map(
      [...evaluate(schema, state)].map(([id, object]) => [id, canonicalText(schema.schema, object, tables)]),
    )
    const actual = new Map(
      kept.rows
        .filter((row) => row.kind === kind)
        .map(({ id, object }) => [id, canonicalText(schema.schema, object, tables)]),
    )
    const ids = new Set([...expected.keys(), ...actual.keys()])
    return [...ids]
      .filter((id) => expected.get(id) !== actual.get(id))
      .map((id) => ({
        object: `${kind} ${id}`,
        is: actual.get(id) ?? 'nothing',
        should: expected.get(id) ?? 'nothing',
      }))
  })
}

export interface Emissions {
  readonly calls: number
  readonly objects: number
  /** Older versions that the sink has refused, each from a builder that may have lost its lease. */
  readonly refused: number
  /** Where something went backwards that must not. */
  readonly backwards: readonly string[]
}

/** Reads what was ever emitted. */
export async function judgeEmissions(replica: pg.Pool): Promise<Emissions> {
  const counts = await replica.query<{ calls: string; objects: string; refused: string }>(`
    SELECT count(DISTINCT (kind, version, worker)) AS calls, count(*) AS objects,
      count(*) FILTER (WHERE NOT applied) AS refused FROM emission`)
  const raw = await replica.query<{ line: string }>(`
    SELECT kind || ' ' || id || ' came in an older version from ' || worker || ', which held it' AS line
    FROM emission WHERE held AND NOT applied`)
  const applied = await replica.query<{ line: string }>(`
    SELECT kind || ' ' || id || ' was applied in an older version from ' || worker AS line
    FROM (SELECT *, lag(version) OVER (PARTITION BY kind, id ORDER BY number) AS before FROM emission WHERE applied) AS e
    WHERE version < before`)
  const [row] = counts.rows
  return {
    calls: Number(row?.calls ?? 0),
    objects: Number(row?.objects ?? 0),
    refused: Number(row?.refused ?? 0),
    backwards: [...raw.rows, ...applied.rows].map(({ line }) => line),
  }
}

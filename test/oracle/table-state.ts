import type pg from 'pg'
import { quoted, quotedTable } from './arbitrary/names.ts'
import type { ScriptTable } from './script.ts'

/** A value as Postgres prints it, and as JSON; `null` is NULL. */
export interface Cell {
  readonly text: string | null
  readonly json: string | null
  /** What a cast to text makes of it, which is not what is printed for every type. */
  readonly castText: string | null
}

export type TableRow = ReadonlyMap<string, Cell>

/** All rows of all tables of a case, as one commit left them. */
export interface TableState {
  readonly rows: readonly { readonly table: ScriptTable; readonly rows: readonly TableRow[] }[]
  /** Of the snapshot that the rows were read in. */
  readonly version: bigint
}

/** Dumps all tables in one statement, column by column: nothing in it is joined. */
export async function readTableState(client: pg.Pool, tables: readonly ScriptTable[]): Promise<TableState> {
  const { rows } = await client.query<{ version: string; tables: (string | null)[][][] }>(
    dumpStatement(tables),
  )
  const [dump] = rows
  if (dump === undefined) throw new Error('The dump of the tables has no row.')
  return {
    version: BigInt(dump.version),
    rows: tables.map((table, index) => ({
      table,
      rows: (dump.tables[index] ?? []).map((row) => cells(table, row)),
    })),
  }
}

const statements = new WeakMap<readonly ScriptTable[], string>()

function dumpStatement(tables: readonly ScriptTable[]): string {
  const known = statements.get(tables)
  if (known !== undefined) return known
  const dumps = tables.map((table) => {
    const columns = table.columns.map(
      ({ name }) =>
        `CASE WHEN t.${quoted(name)} IS NOT NULL THEN concat(t.${quoted(name)}) END, to_json(t.${quoted(name)})::text, t.${quoted(name)}::text`,
    )
    const rows = `SELECT json_agg(json_build_array(${columns.join(', ')})) FROM ${quotedTable(table)} AS t`
    return `coalesce((${rows}), '[]')`
  })
  const statement =
    'SELECT (pg_snapshot_xmax(s)::text::bigint - (SELECT count(*) FROM pg_snapshot_xip(s)))::text AS version, ' +
    `json_build_array(${dumps.join(', ')}) AS tables FROM pg_current_snapshot() AS s`
  statements.set(tables, statement)
  return statement
}

function cells({ columns }: ScriptTable, row: readonly (string | null)[]): TableRow {
  return new Map(
    columns.map(({ name }, index) => [
      name,
      {
        text: row[index * 3] ?? null,
        json: row[index * 3 + 1] ?? null,
        castText: row[index * 3 + 2] ?? null,
      },
    ]),
  )
}

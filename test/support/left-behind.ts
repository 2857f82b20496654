import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

/** The process id of the Postgres that runs on that data directory. */
export function postmasterOf(dataDirectory: string): number {
  return Number(readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n')[0])
}

/** The temporary directories that a process has made for servers and not yet removed. */
export function serverDirectoriesOf(pid: number): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('pg-capture-') && name.includes(`-${pid}-`))
}

/** The one value that a statement returns. */
export async function askPostgres(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' })
    return rows[0]?.[0]
  } finally {
    await client.end()
  }
}

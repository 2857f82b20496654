import { chownSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { Workspace } from './workspace.ts'

/** Copies the files of a running server to `dataDirectory`, as a base backup does, for a standby to start from. */
export async function copyCluster(
  workspace: Workspace,
  from: { readonly url: string; readonly dataDirectory: string },
  dataDirectory: string,
): Promise<void> {
  const client = new pg.Client({ connectionString: from.url })
  await client.connect()
  try {
    // Backup mode ends with its connection.
    await client.query(`select pg_backup_start('standby', true)`)
    await workspace.run('cp', ['-R', '-p', from.dataDirectory, dataDirectory], process.env)
    const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)')
    // What belongs to the running server: its lock, and slots, which would hold WAL that nobody takes here.
    const slots = readdirSync(join(dataDirectory, 'pg_replslot')).map((slot) => join('pg_replslot', slot))
    for (const name of ['postmaster.pid', 'postmaster.opts', ...slots]) {
      rmSync(join(dataDirectory, name), { recursive: true, force: true })
    }
    write(workspace, join(dataDirectory, 'backup_label'), rows[0]?.labelfile ?? '')
    write(workspace, join(dataDirectory, 'standby.signal'), '')
  } finally {
    await client.end()
  }
}

function write({ account }: Workspace, file: string, text: string): void {
  writeFileSync(file, text)
  if (account) chownSync(file, account.uid, account.gid)
}

import type pg from 'pg'
import type { PostgresServer } from '../services/postgres.ts'
import type { Screen } from './screen.ts'

const suggestions = [
  `UPDATE tag SET name = 'ghost stories' WHERE name = 'gothic';`,
  `UPDATE book SET price = price - 1 WHERE author_id = 'eliot';`,
  `DELETE FROM review WHERE stars < 4;`,
]

/** Says how to change rows while the demo watches. */
export function invite(screen: Screen, { url, port }: PostgresServer): void {
  screen.heading('Your turn')
  screen.line('  Connect in another terminal:')
  screen.line()
  screen.line('    ', ['cyan', `psql -h 127.0.0.1 -p ${port} -U postgres postgres`])
  screen.line()
  screen.flow(2, [
    'No psql? It comes with postgresql-client (apt, dnf) or libpq (brew). Any other client will do:',
  ])
  screen.line(`  ${url}`)
  screen.line()
  screen.line('  Change rows, such as:')
  screen.line()
  for (const sql of suggestions) screen.line('    ', ['cyan', sql])
  screen.line()
  screen.flow(2, ['The objects that change are shown here. Ctrl-C compares once more and ends.'])
}

/** Ends all connections but those of the demo, so that nobody changes a row while the replica is compared. */
export async function closeOtherConnections(client: pg.Client): Promise<void> {
  await client.query(`
    SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND application_name NOT IN ('bookshop', 'pg-capture demo', 'pg-capture')`)
}

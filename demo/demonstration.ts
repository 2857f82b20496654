import pg from 'pg'
import { type PostgresServer, startPostgres } from '../services/postgres.ts'
import { tables } from './bookshop.ts'
import { BookshopCapture } from './bookshop-capture.ts'
import { invite } from './invitation.ts'
import type { Screen } from './screen.ts'
import { Stage } from './stage.ts'

/** Plays the story on a Postgres of its own. Resolves to whether the replica equals the tables at the end. */
export async function demonstrate(
  screen: Screen,
  { interactive }: { interactive: boolean },
): Promise<boolean> {
  screen.line(['bold', 'pg-capture: changes of rows go in, changes of objects come out'])
  screen.line()

  const server = await startPostgres()
  try {
    screen.line(`Postgres ${server.version} on 127.0.0.1:${server.port}, just for this demo ${elapsed()}`)
    const isEqual = await withShop(server, screen, async (stage) => {
      const isEqual = await stage.play()
      if (!interactive) return isEqual
      invite(screen, server)
      await stage.watch()
      const isEqualStill = await stage.verify()
      return isEqual && isEqualStill
    })
    if (!interactive) {
      screen.line(['dim', 'To change rows yourself and watch the objects: npm run demo -- --interactive'])
    }
    return isEqual
  } finally {
    await server.stop()
    screen.line(['dim', `Postgres has ended and its directory is gone ${elapsed()}`])
  }
}

async function withShop<Result>(
  { url }: PostgresServer,
  screen: Screen,
  use: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const tellTrouble = (error: unknown): void => {
    screen.flow(2, [['yellow', `trying again: ${error instanceof Error ? error.message : String(error)}`]])
  }
  const shop = new pg.Client({ connectionString: url, application_name: 'bookshop' })
  // A lost connection shows itself in the next query.
  shop.on('error', () => undefined)
  await shop.connect()
  try {
    await shop.query(tables)
    const capture = await BookshopCapture.start(url, tellTrouble)
    try {
      return await use(new Stage(screen, shop, capture))
    } finally {
      await capture.stop()
    }
  } finally {
    await shop.end()
  }
}

/** The time since this process started. */
function elapsed(): string {
  return `(${(performance.now() / 1000).toFixed(1)} s)`
}

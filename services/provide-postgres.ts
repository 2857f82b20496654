import pg from 'pg'
import { startPostgres } from './postgres.ts'
import { type Environment, firstSet, reasonOf, type Service, withoutPassword } from './service.ts'

/**
 * A Postgres with logical replication: that of TEST_POSTGRES_URL or DATABASE_URL when one is set, else one started from
 * the embedded binaries (of version TEST_POSTGRES_VERSION), else one started from binaries on this machine.
 *
 * @throws Error naming the variable when the server there can't be used: what was asked for is never replaced silently.
 */
export async function providePostgres(environment: Environment = process.env): Promise<Service> {
  const given = firstSet(environment, ['TEST_POSTGRES_URL', 'DATABASE_URL'])
  if (given !== undefined) {
    const version = await checkGiven(given.name, given.value)
    const report = `postgres: ${version} of ${given.name} (${withoutPassword(given.value)})`
    return { url: given.value, report, stop: async () => undefined }
  }
  const version = environment['TEST_POSTGRES_VERSION']
  const server = await startPostgres(version ? { version } : {})
  return {
    url: server.url,
    report: `postgres: started ${server.version} on 127.0.0.1:${server.port} (in a temporary directory)`,
    stop: () => server.stop(),
  }
}

/** The version of the server there. @throws Error naming the variable when it can't be used. */
export async function checkGiven(variable: string, url: string): Promise<string> {
  const { version, walLevel } = await askServer(url).catch((error: unknown) => {
    throw new Error(
      `No Postgres at ${variable} (${withoutPassword(url)}): ${reasonOf(error)}. ` +
        `Start it, or correct or unset ${variable} to have one started.`,
      { cause: error },
    )
  })
  if (walLevel === 'logical') return version
  throw new Error(
    `The Postgres of ${variable} (${withoutPassword(url)}) has wal_level=${walLevel}. ` +
      `Run "alter system set wal_level = 'logical'" there and restart it, or unset ${variable} to have one started.`,
  )
}

async function askServer(url: string): Promise<{ version: string; walLevel: string }> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ version: string; walLevel: string }>(
      `select current_setting('server_version') as version, current_setting('wal_level') as "walLevel"`,
    )
    return rows[0] ?? { version: 'of unknown version', walLevel: 'unknown' }
  } finally {
    await client.end().catch(() => undefined)
  }
}

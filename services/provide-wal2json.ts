import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { installDebianPackage } from './debian-package.ts'
import { installedPostgres } from './postgres-binaries.ts'
import { startPostgres } from './postgres.ts'
import { checkGiven } from './provide-postgres.ts'
import { type Environment, firstSet, type Service, withoutPassword } from './service.ts'

/**
 * A Postgres that has the output plugin wal2json, which the binaries of npm lack: that of TEST_WAL2JSON_URL when it is set, else
 * one started from an installed Postgres that has it, else Debian's package, where it may be installed.
 *
 * @throws Error that says what to do when there is none.
 */
export async function provideWal2json(
  environment: Environment = process.env,
  findPlugin: () => string | undefined = postgresWithWal2json,
  install: (name: string) => Promise<string | undefined> = installDebianPackage,
): Promise<Service> {
  const given = firstSet(environment, ['TEST_WAL2JSON_URL'])
  if (given !== undefined) {
    const version = await checkGiven(given.name, given.value)
    const report = `wal2json: Postgres ${version} of ${given.name} (${withoutPassword(given.value)})`
    return { url: given.value, report, stop: async () => undefined }
  }

  const found = findPlugin()
  if (found !== undefined) return startIn(found, 'started')
  const name = debianPackageName()
  const problem = await install(name)
  const installed = problem === undefined ? findPlugin() : undefined
  if (installed !== undefined) return startIn(installed, `installed Debian's ${name}, started`)

  throw new Error(
    'The tests need a Postgres with the output plugin wal2json. None is named by TEST_WAL2JSON_URL, no Postgres that is installed ' +
      `here has it, and it was not installed (${problem ?? 'the package holds no such plugin'}). Do one of these: ` +
      `sudo apt-get install ${name}; brew install wal2json; ` +
      'or set TEST_WAL2JSON_URL to an URL of a Postgres with wal_level=logical that has it.',
  )
}

async function startIn(binDirectory: string, verb: string): Promise<Service> {
  const server = await startPostgres({ binDirectory })
  return {
    url: server.url,
    report: `wal2json: ${verb} Postgres ${server.version} on 127.0.0.1:${server.port} (in a temporary directory)`,
    stop: () => server.stop(),
  }
}

/** The folder of an installed Postgres whose libraries include the plugin. */
function postgresWithWal2json(): string | undefined {
  const places = ['../lib/wal2json.so', '../lib/postgresql/wal2json.so', '../lib/postgresql/wal2json.dylib']
  return installedPostgres().find((folder) => places.some((place) => existsSync(join(folder, place))))
}

/** Debian and Ubuntu have the plugin for the one Postgres of the release. */
const POSTGRES_OF_RELEASE: Readonly<Record<string, string>> = {
  'debian 12': '15',
  'debian 13': '17',
  'ubuntu 22.04': '14',
  'ubuntu 24.04': '16',
}

function debianPackageName(): string {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)`, 'm').exec(release)?.[1] ?? ''
  const version = POSTGRES_OF_RELEASE[`${field('ID')} ${field('VERSION_ID')}`] ?? '15'
  return `postgresql-${version}-wal2json`
}

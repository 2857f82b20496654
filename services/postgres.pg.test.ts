import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { askPostgres, postmasterOf, serverDirectoriesOf } from '../test/support/left-behind.ts'
import { isRunning } from './end-now.ts'
import { embeddedPostgresPackage } from './postgres-binaries.ts'
import { type PostgresServer, startPostgres } from './postgres.ts'

test('starts, answers, and leaves neither a process nor a file', async () => {
  const server = await startPostgres({ settings: { wal_sender_timeout: '2s' } })
  const pid = postmasterOf(server.dataDirectory)
  expect(await askPostgres(server.url, 'show wal_level')).toBe('logical')
  expect(await askPostgres(server.url, 'show wal_sender_timeout')).toBe('2s')
  expect(await askPostgres(server.url, 'show server_version')).toBe(server.version)
  expect(isRunning(pid)).toBe(true)

  await Promise.all([server.stop(), server.stop()])
  expect(isRunning(pid)).toBe(false)
  expect(existsSync(dirname(server.dataDirectory))).toBe(false)
  await expect(server.restart()).rejects.toThrow('The postgres server has been stopped.')
})

test('a restart, orderly or by a crash, keeps the data and the address', async () => {
  const server = await startPostgres()
  try {
    await askPostgres(server.url, 'create table t as select 42 as answer')
    for (const mode of ['fast', 'immediate'] as const) {
      const before = postmasterOf(server.dataDirectory)
      await server.restart(mode)
      expect(postmasterOf(server.dataDirectory)).not.toBe(before)
      expect(await askPostgres(server.url, 'select answer from t')).toBe(42)
    }
  } finally {
    await server.stop()
  }
})

test('a server that does not start says why, and leaves no file', async () => {
  const starting = startPostgres({ settings: { wal_level: 'sideways' } })
  await expect(starting).rejects.toThrow(
    /did not start[^]*invalid value for parameter "wal_level": "sideways"/,
  )
  expect(serverDirectoriesOf(process.pid)).toEqual([])
})

test('binaries that do not run are named with the reason', async () => {
  const starting = startPostgres({ binDirectory: '/nowhere' })
  await expect(starting).rejects.toThrow(/binaries in \/nowhere do not run: .*ENOENT/)
})

test('a version that is not installed is named with the command that installs it', async () => {
  const starting = startPostgres({ version: '9' })
  await expect(starting).rejects.toThrow(
    /Postgres 9 is not .*npm ci --ignore-scripts --prefix services\/postgres-versions/,
  )
})

describe('a package as npm unpacks it, without its symbolic links', () => {
  let folder: string
  let packageRoot: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'test-package-'))
    chmodSync(folder, 0o755)
    mkdirSync(join(folder, 'home'))
    packageRoot = join(folder, 'home', 'package')
    copyWithoutLinks(packageRoot)
  })

  afterEach(() => {
    chmodSync(join(packageRoot, 'native', 'lib'), 0o755)
    rmSync(folder, { recursive: true, force: true })
  })

  async function startFromIt(): Promise<PostgresServer> {
    const server = await startPostgres({ packageRoot })
    expect(await askPostgres(server.url, 'select 1 as one')).toBe(1)
    await server.stop()
    expect(serverDirectoriesOf(process.pid)).toEqual([])
    return server
  }

  const isRoot = process.getuid?.() === 0

  test('gets its links and is used where it is', async () => {
    const server = await startFromIt()
    expect(server.binDirectory).toBe(join(packageRoot, 'native', 'bin'))
  })

  test("is copied for root's server, which runs as nobody, when only root may enter its folder", async () => {
    chmodSync(join(folder, 'home'), 0o700)
    const server = await startFromIt()
    expect(server.binDirectory.startsWith(packageRoot)).toBe(!isRoot)
  })

  test('is copied when it can not be written, which does not stop root', async () => {
    chmodSync(join(packageRoot, 'native', 'lib'), 0o555)
    const server = await startFromIt()
    expect(server.binDirectory.startsWith(packageRoot)).toBe(isRoot)
  })
})

function copyWithoutLinks(target: string): void {
  const source = embeddedPostgresPackage()
  if (source === undefined) throw new Error('This test needs the embedded binaries.')
  cpSync(source, target, { recursive: true, verbatimSymlinks: true })
  const list = readFileSync(join(target, 'native', 'pg-symlinks.json'), 'utf8')
  for (const { target: link } of JSON.parse(list) as { target: string }[])
    rmSync(join(target, link), { force: true })
}

import { createServer } from 'node:net'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { serverDirectoriesOf } from '../test/support/left-behind.ts'
import { testRedis } from '../test/support/redis.ts'
import { findOrStart } from './find-or-start.ts'
import { freePort } from './free-port.ts'
import { redis as kind } from './redis.ts'
import type { Service } from './service.ts'

const given = testRedis()
const path = process.env['PATH']
let nobodyListens: string
let service: Service | undefined

beforeAll(async () => {
  nobodyListens = `redis://127.0.0.1:${await freePort()}`
})

afterEach(async () => {
  await service?.stop()
  service = undefined
})

/** Stands in for `apt-get`, which a test can't make fail or find nothing. */
const refuse = async (): Promise<string> => 'only root may install packages'

describe('an URL from the environment', () => {
  test('is used before all else, the special variable before the usual one', async () => {
    const environment = { TEST_REDIS_URL: given.url, REDIS_URL: nobodyListens, PATH: path }
    service = await findOrStart({ ...kind, defaultUrl: given.url }, environment, refuse)
    expect(service.url).toBe(given.url)
    expect(service.report).toMatch(/^redis: \d+\.\d+\.\d+ of TEST_REDIS_URL \(redis:\/\/127\.0\.0\.1:\d+\)$/)
  })

  test('where nobody answers is an error that names the variable, not a reason to look elsewhere', async () => {
    const environment = { TEST_REDIS_URL: '', REDIS_URL: nobodyListens, PATH: path }
    const finding = findOrStart({ ...kind, defaultUrl: given.url }, environment, refuse)
    await expect(finding).rejects.toThrow(/^No redis at REDIS_URL \(redis:.*ECONNREFUSED.*unset REDIS_URL/)
  })

  test('is named without its password', async () => {
    const secret = nobodyListens.replace('//', '//user:secret@')
    const finding = findOrStart(kind, { REDIS_URL: secret }, refuse)
    await expect(finding).rejects.toThrow(/user:\*\*\*@/)
    await expect(finding).rejects.not.toThrow(/secret/)
  })
})

test('a server that listens on the default port is used and left running', async () => {
  service = await findOrStart({ ...kind, defaultUrl: given.url }, { PATH: path }, refuse)
  expect(service.report).toMatch(/^redis: found \d+\.\d+\.\d+ on 127\.0\.0\.1:\d+$/)
  await service.stop()
  expect(await kind.check(given.url)).toMatch(/^\d/)
})

test('something else that listens on the default port is not taken for one; the binary on the PATH is started', async () => {
  const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  const port = await freePort()
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
  service = await findOrStart({ ...kind, defaultUrl: `redis://127.0.0.1:${port}` }, { PATH: path }, refuse)
  other.close()
  expect(service.report).toMatch(
    /^redis: started \/.*redis-server on 127\.0\.0\.1:\d+ \(in a temporary directory\)$/,
  )
  expect(await kind.check(service.url)).toMatch(/^\d/)
  await service.stop()
  await expect(kind.check(service.url)).rejects.toThrow('ECONNREFUSED')
  expect(serverDirectoriesOf(process.pid)).toEqual([])
})

test('a package is installed when the binary is missing, and the binary then started', async () => {
  const binary = { ...kind, defaultUrl: nobodyListens }
  const missing = { ...binary, binary: 'redis-server-that-is-missing' }
  const asked: string[] = []
  service = await findOrStart(missing, { PATH: path }, async (name) => {
    asked.push(name)
    missing.binary = 'redis-server'
    return undefined
  })
  expect(asked).toEqual(['redis-server'])
  expect(service.report).toMatch(/^redis: installed Debian's redis-server, started \//)
})

test('when there is none and none may be installed, the error says all that one can do', async () => {
  const finding = findOrStart({ ...kind, defaultUrl: nobodyListens }, { PATH: '' }, refuse)
  await expect(finding).rejects.toThrow(
    new RegExp(
      'needs? a redis server.*TEST_REDIS_URL or REDIS_URL.*only root may install packages.*' +
        'sudo apt-get install redis-server; brew install redis; docker compose up -d redis; .*set TEST_REDIS_URL',
    ),
  )
})

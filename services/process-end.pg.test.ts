import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { postmasterOf, serverDirectoriesOf } from '../test/support/left-behind.ts'
import { isRunning } from './end-now.ts'

function run(code: string): ChildProcess & { stdout: Readable } {
  const source = `import { startPostgres } from './services/postgres.ts'; ${code}`
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

/** A program that starts a Postgres, says where, and then does as the code says. */
async function program(
  code: string,
): Promise<{ child: ChildProcess; postmaster: number; directory: string }> {
  const child = run(`const server = await startPostgres(); console.log(server.dataDirectory); ${code}`)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const dataDirectory = line.toString().trim()
  return { child, postmaster: postmasterOf(dataDirectory), directory: dirname(dataDirectory) }
}

async function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.signalCode ?? child.exitCode
}

const stayUp = 'setInterval(() => {}, 1000)'

describe('a program that ends without stopping its server leaves nothing', () => {
  test.each([
    ['by reaching its end', '', 0],
    ['by an uncaught error', "throw new Error('end')", 1],
  ])('%s', async (_, code, status) => {
    const { child, postmaster, directory } = await program(code)
    expect(await exitOf(child)).toBe(status)
    expect(isRunning(postmaster)).toBe(false)
    expect(existsSync(directory)).toBe(false)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('by %s, which stays the cause of its death', async (signal) => {
    const { child, postmaster, directory } = await program(stayUp)
    child.kill(signal)
    expect(await exitOf(child)).toBe(signal)
    expect(isRunning(postmaster)).toBe(false)
    expect(existsSync(directory)).toBe(false)
  })

  test('by a signal while the server is just being made', async () => {
    const child = run('await startPostgres()')
    const { pid = 0 } = child
    await expect.poll(() => serverDirectoriesOf(pid), { timeout: 20_000, interval: 5 }).not.toEqual([])
    child.kill('SIGTERM')
    expect(await exitOf(child)).toBe('SIGTERM')
    expect(serverDirectoriesOf(pid)).toEqual([])
  })

  test('by SIGKILL, a moment later', async () => {
    const { child, postmaster, directory } = await program(stayUp)
    child.kill('SIGKILL')
    await exitOf(child)
    await expect.poll(() => isRunning(postmaster) || existsSync(directory), { timeout: 20_000 }).toBe(false)
  })
})

test('a program that handles the signal itself keeps its server until it exits', async () => {
  const { child, postmaster, directory } = await program(`
    ${stayUp}
    process.once('SIGINT', async () => {
      const { default: pg } = await import('pg')
      const client = new pg.Client(server.url)
      await client.connect()
      const { rows } = await client.query('select 7 as status')
      process.exit(rows[0].status)
    })
  `)
  child.kill('SIGINT')
  expect(await exitOf(child)).toBe(7)
  expect(isRunning(postmaster)).toBe(false)
  expect(existsSync(directory)).toBe(false)
})

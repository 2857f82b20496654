import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const minute = 60_000

let temporary: string
let demo: Demo | undefined

beforeEach(() => {
  temporary = mkdtempSync(join(realpathSync(tmpdir()), 'demo-test-'))
  // As root, the server runs as another account, which has to get in.
  chmodSync(temporary, 0o755)
})

afterEach(() => {
  demo?.child.kill('SIGKILL')
  demo = undefined
  rmSync(temporary, { recursive: true, force: true })
})

interface Demo {
  readonly child: ChildProcess
  readonly output: () => string
  readonly errors: () => string
  /** Resolves to the exit code. */
  readonly ended: Promise<number | null>
}

function start(options: readonly string[] = [], environment: NodeJS.ProcessEnv = {}): Demo {
  const { FORCE_COLOR: _forced, NO_COLOR: _none, ...inherited } = process.env
  const child = spawn(process.execPath, ['--import', 'tsx', 'demo/main.ts', ...options], {
    cwd: root,
    env: { ...inherited, ...environment, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  demo = { child, output: () => output, errors: () => errors, ended }
  return demo
}

async function until(condition: () => boolean, { child, output, errors }: Demo): Promise<void> {
  while (!condition()) {
    if (child.exitCode !== null) throw new Error(`The demo has ended too early:\n${output()}${errors()}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** What of the demo is still there: directories, and processes that name one. */
function leftovers(): string[] {
  return [...directories(), ...commands().filter((command) => command.includes(temporary))]
}

function directories(): string[] {
  return readdirSync(temporary).filter((name) => name.startsWith('pg-capture'))
}

async function expectNothingLeft(): Promise<void> {
  expect(directories()).toEqual([])
  // A process that was killed is still listed until the system gets round to it.
  await vi.waitFor(() => expect(leftovers()).toEqual([]), { timeout: 5_000 })
}

function commands(): string[] {
  // A bare Debian has no ps.
  if (process.platform !== 'linux')
    return execFileSync('ps', ['-axo', 'command'], { encoding: 'utf8' }).split('\n')
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
}

/** The rest of the story takes a moment only: where the signal came after it, it is tried again. */
async function endedInStory(signal: NodeJS.Signals): Promise<{ exitCode: number | null; output: string }> {
  for (let attempt = 1; ; attempt += 1) {
    const started = start()
    await until(() => started.output().includes('── 2. '), started)
    started.child.kill(signal)
    const exitCode = await started.ended
    if (!isEqual.test(started.output()) || attempt === 5) return { exitCode, output: started.output() }
  }
}

const isEqual = /^EQUAL: the replica is what the tables say\.$/m

describe('the demo', () => {
  test(
    'tells its story in plain lines of 80 columns, the replica is equal, nothing stays',
    { timeout: minute },
    async () => {
      const { ended, output, errors } = start()
      expect(await ended).toBe(0)
      expect(errors()).toBe('')
      expect(output()).toMatch(isEqual)
      expect(output()).not.toContain('\u001B')
      expect(
        Math.max(
          ...output()
            .split('\n')
            .map((line) => line.length),
        ),
      ).toBeLessThanOrEqual(80)
      const masked = output()
        .replace(/Postgres [\w.]+ on 127\.0\.0\.1:\d+/, 'Postgres VERSION on 127.0.0.1:PORT')
        .replaceAll(/\([\d.]+ s\)$/gm, '(N s)')
        .replaceAll(/ +\d+ ms$/gm, ' N ms')
        .replace(/median \d+ ms, longest \d+ ms/, 'median N ms, longest N ms')
      await expect(masked).toMatchFileSnapshot('./demo-output.txt')
      await expectNothingLeft()
    },
  )

  test('shows colours also in a pipe, where that is asked for', { timeout: minute }, async () => {
    const { ended, output } = start([], { FORCE_COLOR: '1' })
    await ended
    expect(output()).toContain('\u001B[32mupsert\u001B[0m')
  })

  test('ends at Ctrl-C while Postgres starts, and leaves nothing', { timeout: minute }, async () => {
    const started = start()
    await until(() => leftovers().length > 0, started)
    started.child.kill('SIGINT')
    expect(await started.ended).toBe(130)
    expect(started.output()).not.toMatch(isEqual)
    await expectNothingLeft()
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'ends at %s in the middle of the story with %i, and leaves nothing',
    { timeout: minute },
    async (signal, code) => {
      const { exitCode, output } = await endedInStory(signal)
      expect(exitCode).toBe(code)
      expect(output).toContain('── 2. ')
      await expectNothingLeft()
    },
  )

  test('shows live what others change, until Ctrl-C', { timeout: minute }, async () => {
    const started = start(['--interactive'])
    await until(() => started.output().includes('Ctrl-C compares once more'), started)
    const [, port] = /psql -h 127\.0\.0\.1 -p (\d+) -U postgres postgres/.exec(started.output()) ?? []

    const visitor = new pg.Client({
      host: '127.0.0.1',
      port: Number(port),
      user: 'postgres',
      database: 'postgres',
    })
    const isClosed = new Promise((resolve) => visitor.on('error', resolve))
    await visitor.connect()
    await visitor.query(`UPDATE author SET name = 'Currer Bell' WHERE id = 'charlotte'`)
    await until(() => started.output().includes('name: "Charlotte Brontë" → "Currer Bell"'), started)
    await visitor.query('TRUNCATE book CASCADE')
    await until(() => /delete 21 books: .*/.test(started.output()), started)
    await visitor.query(`BEGIN; UPDATE author SET name = 'Nobody'`)

    started.child.kill('SIGINT')
    expect(await started.ended).toBe(0)
    await isClosed
    const [, after = ''] = started.output().split('Your turn')
    expect(after).toMatch(isEqual)
    expect(after).toMatch(/book +0 in the replica, 0 in the tables: equal/)
    await expectNothingLeft()
  })

  test('explains its options, and refuses others', { timeout: minute }, async () => {
    const explained = start(['--help'])
    expect(await explained.ended).toBe(0)
    expect(explained.output()).toContain('--interactive')

    const refused = start(['--fast'])
    expect(await refused.ended).toBe(2)
    expect(refused.output()).toBe('')
    expect(refused.errors()).toBe('There is no option --fast. Those that there are: npm run demo -- --help\n')
  })
})

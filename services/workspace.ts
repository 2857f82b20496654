import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onProcessEnd } from './on-process-end.ts'
import type { Account } from './unprivileged-account.ts'

export interface WorkspaceOptions {
  /** Part of the directory's name, and of error messages. */
  name: string
  /** The account that the workspace and its processes belong to; undefined: our own. */
  account: Account | undefined
  /** The signal that makes a process here drop everything at once. */
  killSignal: NodeJS.Signals
}

/**
 * A temporary directory and the server processes that work in it. Both go when this process ends, however it ends:
 * by `dispose`, by exit or a signal (see `onProcessEnd`), and through a small guard process even by SIGKILL.
 */
export class Workspace {
  readonly directory: string
  readonly #options: WorkspaceOptions
  readonly #guard: ChildProcess
  readonly #children = new Set<ChildProcess>()
  readonly #forget: () => void
  #disposed = false

  constructor(options: WorkspaceOptions) {
    this.#options = options
    const prefix = join(parentDirectory(options.account), `pg-capture-${options.name}-${process.pid}-`)
    this.directory = mkdtempSync(prefix)
    if (options.account) chownSync(this.directory, options.account.uid, options.account.gid)
    this.#guard = startGuard(this.directory, options.killSignal)
    this.#forget = onProcessEnd(() => this.#disposeNow())
  }

  get account(): Account | undefined {
    return this.#options.account
  }

  /** Starts a command whose output goes to the log. Ctrl-C on our terminal does not reach it: we end it ourselves. */
  start(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const log = openSync(this.#logFile, 'a')
    try {
      const child = spawn(command, args, {
        ...this.#options.account,
        cwd: this.directory,
        env,
        stdio: ['ignore', log, log],
        detached: true,
      })
      // A command that can't be executed has no pid and never exits; its reason belongs with the output of the others.
      child.once('error', (error) => (this.#spawnError = error.message))
      child.once('exit', () => this.#untrack(child))
      this.#children.add(child)
      this.#tellGuard()
      return child
    } finally {
      closeSync(log)
    }
  }

  /** Runs a command to its end. @throws Error that quotes the output, when the exit code is not 0. */
  async run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
    const child = this.start(command, args, env)
    await once(child, 'close').catch(() => undefined)
    if (child.exitCode !== 0) throw this.failure(`${command} failed (${exitOf(child)}).`)
  }

  /** Ends one process and waits until it is gone; by force when it takes longer than `patience` milliseconds. */
  async end(child: ChildProcess, signal: NodeJS.Signals, patience = 10_000): Promise<void> {
    if (hasExited(child)) return
    child.ref()
    const exit = once(child, 'exit')
    const force = setTimeout(() => child.kill('SIGKILL'), patience)
    child.kill(signal)
    await exit
    clearTimeout(force)
  }

  /** An error that quotes the end of the log. */
  failure(message: string): Error {
    const output = [this.#spawnError, this.log()].filter(Boolean).join('\n')
    const quoted = output.trim().split('\n').slice(-20).join('\n  ')
    return new Error(`${message} Its output ended with:\n  ${quoted || '(nothing)'}`)
  }

  /** Everything that the processes here have printed. */
  log(): string {
    try {
      return readFileSync(this.#logFile, 'utf8')
    } catch {
      return ''
    }
  }

  /** Ends what still runs here and removes the directory. */
  async dispose(): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    await Promise.all([...this.#children].map((child) => this.end(child, this.#options.killSignal)))
    this.#removeDirectory()
    this.#forget()
    const guardExit = once(this.#guard, 'exit')
    this.#guard.ref()
    this.#guard.kill('SIGKILL')
    await guardExit
  }

  #spawnError: string | undefined

  get #logFile(): string {
    return join(this.directory, 'server.log')
  }

  #untrack(child: ChildProcess): void {
    this.#children.delete(child)
    this.#tellGuard()
  }

  #tellGuard(): void {
    const pids = [...this.#children].flatMap((child) => child.pid ?? [])
    this.#guard.stdin?.write(`${pids.join(' ')}\n`)
  }

  #disposeNow(): void {
    const pids = [...this.#children].filter((child) => !hasExited(child)).flatMap((child) => child.pid ?? [])
    for (const pid of pids) signalQuietly(pid, this.#options.killSignal)
    const deadline = Date.now() + 5_000
    for (const pid of pids) {
      while (isRunning(pid) && Date.now() < deadline) sleepNow(5)
      if (isRunning(pid)) signalQuietly(pid, 'SIGKILL')
    }
    this.#removeDirectory()
    this.#guard.kill('SIGKILL')
  }

  #removeDirectory(): void {
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
  }
}

/** Whether the child has ended, or never began. */
export function hasExited(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null
}

function exitOf(child: ChildProcess): string {
  if (child.pid === undefined) return 'it could not be executed'
  return child.signalCode ? `signal ${child.signalCode}` : `exit code ${child.exitCode}`
}

/** The temporary folder, or `/tmp` when the account can't get into the former (TMPDIR below a private home). */
function parentDirectory(account: Account | undefined): string {
  const preferred = realpathSync(tmpdir())
  return account === undefined || isOpenToAll(preferred) ? preferred : realpathSync('/tmp')
}

function isOpenToAll(directory: string): boolean {
  const open = (statSync(directory).mode & 0o001) !== 0
  const parent = dirname(directory)
  return open && (parent === directory || isOpenToAll(parent))
}

/** Each line on its input lists the processes that now run; when the input ends, we have died without cleaning up. */
const guardScript = `
trap '' INT TERM HUP
pids=
while read -r line; do pids=$line; done
[ -n "$pids" ] && kill -s "$2" $pids 2>/dev/null
tries=0
while [ -n "$pids" ] && kill -0 $pids 2>/dev/null && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
[ -n "$pids" ] && kill -s KILL $pids 2>/dev/null
rm -rf "$1"
`

function startGuard(directory: string, signal: NodeJS.Signals): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', guardScript, 'pg-capture-guard', directory, signal.replace('SIG', '')], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  // The guard is a second line of defence: without it everything works but the clean-up after SIGKILL.
  guard.on('error', () => undefined)
  guard.stdin.on('error', () => undefined)
  guard.unref()
  ;(guard.stdin as Socket).unref()
  return guard
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself in between.
  }
}

/** `kill(pid, 0)` would not do: Node can't reap a child while we block, and a zombie still answers. */
function isRunning(pid: number): boolean {
  if (process.platform !== 'linux') {
    return /^[^Z]/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim())
  }
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

function sleepNow(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

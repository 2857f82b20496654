import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chownSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endNow } from './end-now.ts'
import { Guard } from './guard.ts'
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
 * by `dispose`, by exit or a signal (see `onProcessEnd`), and by SIGKILL (see `Guard`).
 */
export class Workspace {
  readonly directory: string
  readonly account: Account | undefined
  readonly #name: string
  readonly #killSignal: NodeJS.Signals
  readonly #guard: Guard
  readonly #children = new Set<ChildProcess>()
  readonly #forget: () => void
  #spawnError = ''
  #disposing: Promise<void> | undefined

  constructor({ name, account, killSignal }: WorkspaceOptions) {
    this.#name = name
    this.account = account
    this.#killSignal = killSignal
    const prefix = join(parentDirectory(account), `pg-capture-${name}-${process.pid}-`)
    // Before there is a directory: from here on a signal waits until this constructor is done.
    this.#forget = onProcessEnd(() => {
      endNow(this.#runningPids(), killSignal)
      this.#removeDirectory()
      this.#guard.dismissNow()
    })
    this.directory = mkdtempSync(prefix)
    if (account) chownSync(this.directory, account.uid, account.gid)
    this.#guard = new Guard(this.directory, killSignal)
  }

  /** Starts a command whose output goes to the log. Ctrl-C on our terminal does not reach it: we end it ourselves. */
  start(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    if (this.#disposing) throw new Error(`The ${this.#name} server has been stopped.`)
    const log = openSync(this.#logFile, 'a')
    try {
      const stdio = ['ignore', log, log] as const
      const child = spawn(command, args, {
        ...this.account,
        cwd: this.directory,
        env,
        stdio: [...stdio],
        detached: true,
      })
      // A command that can't be executed never exits; its reason belongs with the output of the others.
      child.once('error', (error) => {
        this.#spawnError = error.message
      })
      child.once('exit', () => {
        this.#children.delete(child)
        this.#guard.watch(this.#runningPids())
      })
      this.#children.add(child)
      this.#guard.watch(this.#runningPids())
      return child
    } finally {
      closeSync(log)
    }
  }

  /** Runs a command to its end. @throws Error that quotes its output, when the exit code is not 0. */
  async run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
    const child = this.start(command, args, env)
    await once(child, 'close').catch(() => undefined)
    if (child.exitCode !== 0) throw this.#failure(`${command} failed (${exitOf(child)}).`)
  }

  /** Waits until the probe says yes; from then on the child does not keep our process alive. */
  async untilReady(child: ChildProcess, probe: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 60_000
    while (Date.now() < deadline) {
      if (hasExited(child)) throw this.#failure(`The ${this.#name} server did not start (${exitOf(child)}).`)
      if (await probe()) return child.unref()
      await sleep(10)
    }
    throw this.#failure(`The ${this.#name} server did not answer within 60 seconds.`)
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

  /** Everything that the processes here have printed. */
  log(): string {
    try {
      return readFileSync(this.#logFile, 'utf8')
    } catch {
      return ''
    }
  }

  /** Ends what still runs here and removes the directory. */
  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose()
    return this.#disposing
  }

  async #dispose(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.end(child, this.#killSignal)))
    this.#removeDirectory()
    this.#forget()
    await this.#guard.dismiss()
  }

  get #logFile(): string {
    return join(this.directory, 'server.log')
  }

  #runningPids(): number[] {
    return [...this.#children].filter((child) => !hasExited(child)).flatMap((child) => child.pid ?? [])
  }

  #failure(message: string): Error {
    const output = [this.#spawnError, this.log().trim()].filter(Boolean).join('\n')
    const lines = output.split('\n').slice(-20)
    return new Error(output ? `${message} Its output ended with:\n  ${lines.join('\n  ')}` : message)
  }

  #removeDirectory(): void {
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
  }
}

function hasExited(child: ChildProcess): boolean {
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

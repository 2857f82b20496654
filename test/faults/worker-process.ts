import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { onProcessEnd } from '../../services/on-process-end.ts'
import type { Instruction, Message, WorkerOptions } from './worker/worker-options.ts'

/** What a worker runs, to be made one file of. */
export const workerProgram = new URL('worker/main.ts', import.meta.url)

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** One start of a worker, seen from outside. It ends with our process. */
export class WorkerProcess {
  readonly options: WorkerOptions
  readonly exit: Promise<Exit>
  readonly #child: ChildProcess
  #output = ''
  #onDone: (() => void)[] = []
  #onReady: (() => void)[] = []
  #isReady = false

  constructor(program: string, options: WorkerOptions) {
    this.options = options
    this.#child = fork(program, [JSON.stringify(options)], {
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    // One that is stopped would not notice that we are gone.
    const forget = onProcessEnd(() => this.#child.kill('SIGKILL'))
    this.exit = once(this.#child, 'exit').then(([code, signal]) => {
      forget()
      return { code, signal }
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-4_000)
      })
    }
    this.#child.on('message', (message) => this.#hear(message as Message))
  }

  /** The end of what it has printed: nothing, if all is well. */
  get output(): string {
    return this.#output
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves when it works, to false where it ends before. */
  async ready(): Promise<boolean> {
    if (this.#isReady) return this.isRunning
    return this.#unlessExited(new Promise<void>((resolve) => this.#onReady.push(resolve)))
  }

  tell(instruction: Instruction): void {
    if (this.#child.connected) this.#child.send(instruction)
  }

  /** Resolves when it tells that something is done, to false where it ends before. */
  async done(): Promise<boolean> {
    return this.#unlessExited(new Promise<void>((resolve) => this.#onDone.push(resolve)))
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  #hear({ type }: Message): void {
    if (type === 'ready') this.#isReady = true
    const waiting = type === 'ready' ? this.#onReady : this.#onDone
    for (const resolve of waiting.splice(0)) resolve()
  }

  #unlessExited(happens: Promise<void>): Promise<boolean> {
    return Promise.race([happens.then(() => true), this.exit.then(() => false)])
  }
}

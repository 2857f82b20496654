import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { onProcessEnd } from '../../services/on-process-end.ts'
import type { Order } from './worker/points.ts'
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
  #waiting: { readonly type: Message['type']; readonly resolve: (message: Message) => void }[] = []
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
    return (await this.#next('ready')) !== undefined
  }

  tell(instruction: Instruction): void {
    if (this.#child.connected) this.#child.send(instruction)
  }

  /** Resolves when it knows the order, to false where it ends before. */
  async order(order: Order): Promise<boolean> {
    const given = this.#next('given')
    this.tell({ type: 'order', order })
    return (await given) !== undefined
  }

  /** Resolves when it tells that something is done, to false where it ends before. */
  async done(): Promise<boolean> {
    return (await this.#next('done')) !== undefined
  }

  /** What it says of that; `undefined` where it ends before. */
  ask<Type extends 'health' | 'parked'>(
    about: Type,
  ): Promise<Extract<Message, { readonly type: Type }> | undefined> {
    const answer = this.#next(about)
    this.tell({ type: 'tell', about })
    return answer
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  #hear(message: Message): void {
    if (message.type === 'ready') this.#isReady = true
    const asking = this.#waiting.filter(({ type }) => type === message.type)
    this.#waiting = this.#waiting.filter(({ type }) => type !== message.type)
    for (const { resolve } of asking) resolve(message)
  }

  #next<Type extends Message['type']>(type: Type): Promise<Extract<Message, { type: Type }> | undefined> {
    const said = new Promise<Message>((resolve) => this.#waiting.push({ type, resolve }))
    return Promise.race([said as Promise<Extract<Message, { type: Type }>>, this.exit.then(() => undefined)])
  }
}

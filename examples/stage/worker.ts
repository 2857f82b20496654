import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Setting } from './setting.ts'

/** A process of its own, which ends with ours. */
export class Worker {
  readonly #child: ChildProcess
  readonly #name: string
  #isEnding = false

  /** @param died is told where it ends without having been asked to. */
  constructor(name: 'handler' | 'builder', folder: URL, setting: Setting, died: (error: Error) => void) {
    this.#name = name
    this.#child = fork(fileURLToPath(new URL(`${name}.ts`, folder)), [], {
      execArgv: ['--import', 'tsx'],
      env: { ...process.env, ...setting },
    })
    this.#child.once('exit', (code, signal) => {
      if (!this.#isEnding)
        died(new Error(`The ${name} has ended by itself (${signal ?? `exit code ${code}`}).`))
    })
  }

  /** Lets it finish what it does. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
    const { exitCode, signalCode } = this.#child
    if (exitCode !== 0) throw new Error(`The ${this.#name} did not stop well (${signalCode ?? exitCode}).`)
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#isEnding = true
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill(signal)
    await exit
  }
}

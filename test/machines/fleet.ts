import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { MachineMessage, MachineOptions } from './machine-options.ts'

/** A process that stands for a machine. */
export interface Machine {
  /** Resolves when it says so, from now on. Rejects where it ends instead. */
  says(message: MachineMessage): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  /** Lets it stand still, as a virtual machine that is moved. */
  pause(): void
  resume(): void
}

/** The processes of a test. */
export class Fleet {
  readonly #program: string
  readonly #options: Omit<MachineOptions, 'slot' | 'name'>
  readonly #children = new Set<ChildProcess>()
  #complaints = ''
  #count = 0

  constructor(program: string, options: Omit<MachineOptions, 'slot' | 'name'>) {
    this.#program = program
    this.#options = options
  }

  /** What the processes have printed on their standard error: nothing, if all is well. */
  get complaints(): string {
    return this.#complaints
  }

  handler(slot: string): Machine {
    return this.#start({ ...this.#options, slot, name: `handler ${(this.#count += 1)}` })
  }

  builder(): Machine {
    return this.#start({ ...this.#options, name: `builder ${(this.#count += 1)}` })
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#children].map(kill))
  }

  #start(options: MachineOptions): Machine {
    const child = fork(this.#program, [JSON.stringify(options)], {
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    child.stderr?.on('data', (text) => (this.#complaints += `${options.name}: ${String(text)}`))
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return {
      says: (message) => says(child, message, options.name),
      kill: () => kill(child),
      pause: () => void child.kill('SIGSTOP'),
      resume: () => void child.kill('SIGCONT'),
    }
  }
}

async function says(child: ChildProcess, expected: MachineMessage, name: string): Promise<void> {
  const ended = new AbortController()
  const end = (): void => ended.abort()
  child.once('exit', end)
  try {
    for (;;) {
      const [message] = (await once(child, 'message', { signal: ended.signal })) as [unknown]
      if (message === expected) return
    }
  } catch (cause) {
    throw new Error(`The ${name} has ended without saying "${expected}".`, { cause })
  } finally {
    child.off('exit', end)
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

import { setTimeout as sleep } from 'node:timers/promises'
import { ENDED_BY_ERROR, type WorkerOptions } from './worker/worker-options.ts'
import { type Exit, WorkerProcess } from './worker-process.ts'

export interface PostParameters {
  readonly program: string
  /** Of the n-th start. */
  readonly options: (start: number) => WorkerOptions
  /** Is told of an end that nobody has caused, and of anything that a worker prints. */
  readonly onProblem: (problem: string) => void
}

/** A place that is always manned, as by a supervisor: a worker that has ended is started again. */
export class Post {
  readonly #parameters: PostParameters
  #worker: WorkerProcess
  #starts = 0
  #endedByError = 0
  #isClosed = false
  #supervision: Promise<void>

  constructor(parameters: PostParameters) {
    this.#parameters = parameters
    this.#worker = this.#start()
    this.#supervision = this.#supervise()
  }

  get starts(): number {
    return this.#starts
  }

  /** How many workers have been ended by a CaptureError. */
  get endedByError(): number {
    return this.#endedByError
  }

  get current(): WorkerProcess {
    return this.#worker
  }

  /** The worker that is there now, once it works. */
  async working(): Promise<WorkerProcess> {
    for (;;) {
      const worker = this.#worker
      if (await worker.ready()) return worker
      if (this.#isClosed) throw new Error('The post is closed.')
      await sleep(10)
    }
  }

  /** Ends it well, as a deployment does. */
  async stop(): Promise<Exit> {
    this.#isClosed = true
    this.#worker.signal('SIGCONT')
    this.#worker.signal('SIGTERM')
    const exit = await Promise.race([this.#worker.exit, sleep(30_000, undefined, { ref: false })])
    if (exit !== undefined) return exit
    this.#worker.signal('SIGKILL')
    this.#parameters.onProblem(`${this.#worker.options.name} did not stop within 30 seconds.`)
    return this.#worker.exit
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#worker.signal('SIGKILL')
    await this.#supervision
  }

  #start(): WorkerProcess {
    this.#starts += 1
    return new WorkerProcess(this.#parameters.program, this.#parameters.options(this.#starts))
  }

  async #supervise(): Promise<void> {
    for (;;) {
      const worker = this.#worker
      const { code, signal } = await worker.exit
      if (worker.output !== '') this.#tell(worker, `has printed: ${worker.output}`)
      const isKilled = signal === 'SIGKILL'
      const isStopped = this.#isClosed && code === 0
      if (code === ENDED_BY_ERROR) this.#endedByError += 1
      else if (!isKilled && !isStopped)
        this.#tell(worker, `has ended by itself (${signal ?? `exit code ${code}`})`)
      if (this.#isClosed) return
      // As a supervisor does where a program can't start.
      if (code === ENDED_BY_ERROR) await sleep(300)
      if (this.#isClosed) return
      this.#worker = this.#start()
    }
  }

  #tell(worker: WorkerProcess, problem: string): void {
    this.#parameters.onProblem(`${worker.options.name} ${problem}`)
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { CaptureError } from 'pg-capture'
import { problemsByHand } from './by-hand.ts'
import { CapturingProcess, hasShortLease, SHORT_LEASE_MS } from './capturing-process.ts'
import { Coverage } from './coverage.ts'
import { evaluate } from './evaluate.ts'
import { handOver } from './hand-over.ts'
import { Interference, isMade } from './interference.ts'
import { judge } from './judge.ts'
import { countRun, countScript, countStatements } from './observe.ts'
import { OpenTransaction } from './open-transaction.ts'
import type { OracleServer } from './oracle-server.ts'
import { Replica } from './replica.ts'
import type { Sabotage } from './sabotage.ts'
import type { DeliverStep, Script, Step, TransactionStep } from './script.ts'
import { StreamPosition } from './stream-position.ts'
import { readTableState, type TableState } from './table-state.ts'

export interface Verdict {
  /** What is wrong; empty where all is well. */
  readonly problems: readonly string[]
  readonly coverage: Coverage
}

const CASE_TIMEOUT_MS = 20_000
/** How long an operation gets to go on by itself while another one is held, for which it may be waiting. */
const MOMENT_MS = 3
const LAST_ROUNDS = 20

/** Runs a script against real servers and judges what was emitted. */
export async function runScript(
  server: OracleServer,
  script: Script,
  sabotage: Sabotage = {},
): Promise<Verdict> {
  await server.prepare(script)
  const run = new ScriptRun(server, script, sabotage)
  try {
    const timeout = new AbortController()
    const late = sleep(CASE_TIMEOUT_MS, 'late' as const, { signal: timeout.signal, ref: false })
    const ended = await Promise.race([run.play(), late.catch(() => undefined)])
    timeout.abort()
    if (ended === 'late') run.problems.push(`The case did not end within ${CASE_TIMEOUT_MS} ms.`)
    else run.problems.push(...(await run.judge()))
  } finally {
    await run.close()
  }
  return { problems: run.problems, coverage: run.coverage }
}

class ScriptRun {
  readonly problems: string[] = []
  readonly coverage = new Coverage()
  readonly #server: OracleServer
  readonly #script: Script
  readonly #sabotage: Sabotage
  readonly #interference = new Interference()
  readonly #redisKey: string
  readonly #states: TableState[] = []
  readonly #background = new Set<Promise<void>>()
  #replica = new Replica()
  #process: CapturingProcess
  /** Marker of the last commit: the feed is read up to it. */
  #marker: bigint
  readonly #stream: StreamPosition
  #isHandingOneByOne = false
  #overlapping: { transaction: OpenTransaction; stepsLeft: number } | undefined

  constructor(server: OracleServer, script: Script, sabotage: Sabotage) {
    this.#server = server
    this.#script = script
    this.#sabotage = sabotage
    this.#redisKey = server.redisKey()
    this.#marker = server.marker
    this.#stream = new StreamPosition(server.feed)
    this.#process = this.#newProcess()
  }

  async play(): Promise<void> {
    await this.#begin()
    for (const step of this.#script.steps) {
      this.#interference.tick()
      await this.#endOverlapping(1)
      for (const build of this.#process.takeScheduled()) await this.#follow('a scheduled build', build)
      await this.#play(step)
    }
    await this.#finish()
  }

  async judge(): Promise<string[]> {
    const { events } = this.#stream
    return [
      ...judge(this.#script.schema, this.#states, this.#replica),
      ...(await problemsByHand(this.#server, this.#script, events, this.#states, this.coverage)),
    ]
  }

  async close(): Promise<void> {
    this.#process.end()
    this.#interference.end()
    await Promise.allSettled(this.#background)
    await this.#sabotage.onEnd?.()
    for (const writer of this.#server.writers) await writer.query('ROLLBACK')
    this.#server.feed.clear()
    this.coverage.count('hold', this.#interference.holds)
    this.coverage.count('failure on purpose', this.#interference.failures)
  }

  async #begin(): Promise<void> {
    const { setup, schema } = this.#script
    const state = await readTableState(this.#server.pool, this.#script.tables)
    this.#states.push(state)
    if (setup.replica === 'full') {
      this.#server.feed.clear()
      this.#replica = new Replica(evaluate(schema, state))
    }
    this.#process = this.#newProcess()
    await this.#sabotage.onCommit?.()
    countScript(this.coverage, this.#script)
  }

  #play(step: Step): Promise<void> {
    switch (step.do) {
      case 'transaction':
        return this.#transaction(step)
      case 'deliver':
        return this.#deliver(step)
      case 'build':
        return this.#build(step.builder)
      case 'redeliver':
        return this.#redeliver(step.transactions)
      case 'crash':
        return this.#crash()
      case 'hold':
      case 'fail':
        this.#interference.arm(step)
        return Promise.resolve()
      default:
        return step satisfies never
    }
  }

  async #transaction(step: TransactionStep): Promise<void> {
    const [writer, second] = this.#server.writers
    const overlaps = step.openFor > 0 && this.#overlapping === undefined
    const transaction = await OpenTransaction.begin(overlaps ? second : writer, step)
    if (overlaps) this.#overlapping = { transaction, stepsLeft: step.openFor }
    else await this.#end(transaction)
  }

  async #endOverlapping(steps: number): Promise<void> {
    if (this.#overlapping === undefined) return
    this.#overlapping.stepsLeft -= steps
    if (this.#overlapping.stepsLeft > 0) return
    const { transaction } = this.#overlapping
    this.#overlapping = undefined
    await this.#end(transaction)
    this.coverage.count('transaction that overlaps others')
  }

  async #end(transaction: OpenTransaction): Promise<void> {
    const result = await transaction.end(() => this.#server.markerSql())
    this.coverage.count(`transaction ${result}`)
    if (result !== 'committed') return
    countStatements(this.coverage, transaction.results)
    this.#marker = this.#server.marker
    this.#states.push(await readTableState(this.#server.pool, this.#script.tables))
    if (this.#interference.isHolding) this.coverage.count('commit while an operation is held')
    await this.#sabotage.onCommit?.()
  }

  async #deliver({ events: count, by }: DeliverStep): Promise<void> {
    // Events that are handed over one by one are not overtaken by later ones.
    if (this.#isHandingOneByOne) return
    await this.#stream.upTo(this.#marker)
    const { from, events } = this.#stream.take(count)
    if (events.length === 0) return
    if (!this.#stream.isAtEnd) this.coverage.count('look-up in a state newer than its event')
    const process = this.#process
    await this.#follow(by, async () => {
      this.#isHandingOneByOne = by === 'handleEvent'
      const given = this.#sabotage.events?.(events) ?? events
      const { count: taken, error } = await handOver(process.handler, given, by)
      if (by === 'handleEvent') this.#isHandingOneByOne = false
      if (process !== this.#process) return
      const to = from + (error === null ? events.length : taken)
      this.#stream.returnTo(error === null ? Infinity : to)
      void process.handler.settled().then(() => this.#stream.acknowledge(from, to))
      if (error !== null) throw error instanceof Error ? error : new Error('no Error was thrown')
    })
  }

  async #build(number: number): Promise<void> {
    const { builders } = this.#process
    const builder = builders[number % builders.length]
    await this.#follow('buildObjects', async () => builder?.buildObjects())
  }

  async #redeliver(transactions: number): Promise<void> {
    await this.#stream.upTo(this.#marker)
    if (this.#stream.goBack(transactions)) this.coverage.count('delivered again')
  }

  async #crash(): Promise<void> {
    await this.#stream.upTo(this.#marker)
    this.#process.end()
    this.#process = this.#newProcess()
    this.#stream.restart()
    this.#isHandingOneByOne = false
    this.coverage.count('crash')
  }

  /** Starts an operation and waits for it, unless it, or something that it may wait for, is held. */
  async #follow(name: string, operation: () => Promise<void>): Promise<void> {
    const process = this.#process
    const running = operation().catch((error: unknown) => this.#tell(name, process, error))
    this.#background.add(running)
    const ended = running.finally(() => this.#background.delete(running))
    if (this.#interference.isHolding) await Promise.race([ended, sleep(MOMENT_MS)])
    else await Promise.race([ended, this.#interference.nextHold()])
  }

  #tell(name: string, process: CapturingProcess, error: unknown): void {
    if (process.hasEnded || isMade(error)) return
    const isLate = error instanceof CaptureError && error.code === 'LEASE_LOST'
    if (isLate && hasShortLease(this.#script)) return
    this.problems.push(
      `${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
  }

  /** Delivers and builds until all is quiet: from here on nothing fails. */
  async #finish(): Promise<void> {
    this.#interference.end()
    await this.#endOverlapping(Infinity)
    await this.#stream.upTo(this.#marker)
    for (let round = 1; round <= LAST_ROUNDS && this.problems.length === 0; round += 1) {
      await Promise.all(this.#background)
      const wasAtEnd = this.#stream.isAtEnd
      await this.#deliver({ do: 'deliver', events: Infinity, by: 'handleEvents' })
      for (const build of this.#process.takeScheduled()) await this.#follow('a scheduled build', build)
      await this.#retriesDue()
      for (const index of this.#process.builders.keys()) await this.#build(index)
      if (wasAtEnd && this.#background.size === 0 && !this.#hasRetries()) break
    }
    if (!this.#stream.isAtEnd) this.problems.push('Events could not be delivered.')
    if (hasShortLease(this.#script)) {
      await sleep(SHORT_LEASE_MS + 50)
      await this.#build(0)
    }
    countRun(this.coverage, this.#script, {
      events: this.#stream.events,
      states: this.#states,
      replica: this.#replica,
    })
  }

  #hasRetries(): boolean {
    return this.#process.builders.some((builder) => builder.retryInMs !== null)
  }

  /** What failed twice is left alone for a while by the aggregator that met it. */
  async #retriesDue(): Promise<void> {
    const waits = this.#process.builders.map((builder) => builder.retryInMs ?? 0)
    await sleep(Math.max(...waits))
  }

  #newProcess(): CapturingProcess {
    const process: CapturingProcess = new CapturingProcess({
      script: this.#script,
      server: this.#server,
      redisKey: this.#redisKey,
      interference: this.#interference,
      replica: this.#replica,
      sabotage: this.#sabotage,
      onError: (error) => this.#tell('a scheduled build', process, error),
    })
    return process
  }
}

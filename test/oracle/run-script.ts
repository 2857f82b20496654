import { setTimeout as sleep } from 'node:timers/promises'
import { CaptureError, type EventAggregator } from 'pg-capture'
import { problemsByHand } from './by-hand.ts'
import { arrayOrderProblems } from './array-order-problems.ts'
import { AcknowledgedCommits } from './acknowledged-commits.ts'
import { CapturingProcess, mayLapse } from './capturing-process.ts'
import { CaseSets } from './case-sets.ts'
import { Coverage } from './coverage.ts'
import { equalForm } from './equal-form.ts'
import { evaluate } from './evaluate.ts'
import { handOver } from './hand-over.ts'
import { idTextOf } from './id-text.ts'
import { Interference, isMade } from './interference.ts'
import { judge, replicaProblems } from './judge.ts'
import { countRun, countScript, countStatements } from './observe.ts'
import { OpenTransaction } from './open-transaction.ts'
import type { OracleServer } from './oracle-server.ts'
import { Replica } from './replica.ts'
import type { Sabotage } from './sabotage.ts'
import type { CrashStep, DeliverStep, Script, Step, TransactionStep } from './script.ts'
import { type Batch, StreamPosition } from './stream-position.ts'
import { readTableState, type TableState } from './table-state.ts'
import { Truth } from './truth.ts'

export interface Verdict {
  /** What is wrong; empty where all is well. */
  readonly problems: readonly string[]
  readonly coverage: Coverage
}

const CASE_TIMEOUT_MS = 60_000
/** How long an operation gets to go on by itself while another one is held, for which it may be waiting. */
const MOMENT_MS = 3
const LAST_ROUNDS = 20
/** Enough for what is refused to fail together, then alone, and for all others to come through. */
const ROUNDS_UNTIL_PARKED = 8
/** Long enough for a lease of a millisecond to end. */
const LAPSE_MS = 3

/** Runs a script against real servers and judges what was emitted. */
export async function runScript(
  server: OracleServer,
  script: Script,
  sabotage: Sabotage = {},
): Promise<Verdict> {
  await server.prepare(script)
  const first = await readTableState(server.plainPool, script.tables)
  const run = new ScriptRun(server, script, sabotage, first)
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
  readonly #sets: CaseSets
  readonly #states: TableState[] = []
  /** Of each state, the marker of its commit. */
  readonly #markers: bigint[] = []
  readonly #truth: Truth
  readonly #background = new Set<Promise<void>>()
  readonly #stream: StreamPosition
  readonly #replica: Replica
  readonly #acknowledged: AcknowledgedCommits
  #process: CapturingProcess
  #isHandingOneByOne = false
  #isCommitting = false
  #overlapping: { transaction: OpenTransaction; stepsLeft: number } | undefined

  /** `first` is what the tables hold before the first step. */
  constructor(server: OracleServer, script: Script, sabotage: Sabotage, first: TableState) {
    const { setup, schema } = script
    this.#server = server
    this.#script = script
    this.#sabotage = sabotage
    this.#sets = new CaseSets(server, setup, this.coverage)
    this.#states.push(first)
    this.#markers.push(server.marker)
    this.#truth = new Truth(schema, this.#states)
    this.#stream = new StreamPosition(server.feed)
    const isFull = setup.replica === 'full'
    if (isFull) server.feed.clear()
    this.#replica = new Replica(isFull ? evaluate(schema, first) : new Map(), {
      refusesOlder: mayLapse(script) && sabotage.replicaTakesAll !== true,
    })
    this.#acknowledged = new AcknowledgedCommits(isFull ? 1 : 0, {
      truth: this.#truth,
      replica: this.#replica,
      endOf: (commit) => server.feed.endOf(this.#markers[commit] ?? -1n),
      isCommitting: () => this.#isCommitting,
      stored: () => this.#sets.stored(),
      coverage: this.coverage,
    })
    this.#process = this.#newProcess()
  }

  async play(): Promise<void> {
    countScript(this.coverage, this.#script)
    await this.#sabotage.onCommit?.()
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
      ...judge(this.#truth, this.#replica),
      ...(await this.#acknowledged.problems()),
      ...(await arrayOrderProblems(this.#server, this.#script, this.#replica, this.coverage)),
      ...(await problemsByHand(this.#server, this.#script, events, this.#states, this.coverage)),
    ]
  }

  async close(): Promise<void> {
    this.#interference.end()
    await this.#process.end()
    await Promise.allSettled(this.#background)
    await this.#sabotage.onEnd?.()
    for (const writer of this.#server.writers) await writer.query('ROLLBACK')
    this.#server.feed.clear()
    for (const [name, times] of this.#interference.counts) this.coverage.count(name, times)
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
      case 'lapse':
        return this.#lapse()
      case 'crash':
        return this.#crash(step)
      case 'poison':
        this.#interference.poison(step)
        return Promise.resolve()
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
    this.#isCommitting = true
    const result = await transaction.end(() => this.#server.markerSql())
    const state = result === 'committed' ? await this.#readState() : undefined
    this.#isCommitting = false
    this.coverage.count(`transaction ${result}`)
    countStatements(this.coverage, transaction.results)
    if (state === undefined) return
    this.#states.push(state)
    this.#markers.push(this.#server.marker)
    if (this.#interference.isHolding) this.coverage.count('commit while an operation is held')
    await this.#sabotage.onCommit?.()
  }

  #readState(): Promise<TableState> {
    return readTableState(this.#server.plainPool, this.#script.tables)
  }

  /** Waits for the events of all commits. */
  async #readStream(): Promise<void> {
    await this.#stream.upTo(this.#markers.at(-1) ?? 0n)
  }

  async #deliver({ events: count, by, to = 0 }: DeliverStep): Promise<void> {
    // Events that are handed over one by one are not overtaken by later ones.
    if (this.#isHandingOneByOne) return
    await this.#readStream()
    const batch = this.#stream.take(count)
    if (batch.events.length === 0) return
    if (!this.#stream.isAtEnd) this.coverage.count('look-up in a state newer than its event')
    const process = this.#process
    if (process.source !== undefined) {
      // After a failure it waits before it tries again.
      const failure = this.#interference.nextFailure()
      return Promise.race([failure, this.#follow('Capture', () => this.#feed(process, batch))])
    }
    this.coverage.count(`delivered by ${by}`)
    await this.#follow(by, async () => {
      this.#isHandingOneByOne = by === 'handleEvent'
      try {
        for (const part of this.#stream.parts(batch, process.handlers.length)) {
          const handler = process.handlers[(part.number + to) % process.handlers.length]
          if (handler !== undefined) await this.#hand(process, handler, part, by)
        }
      } finally {
        if (by === 'handleEvent') this.#isHandingOneByOne = false
      }
    })
  }

  async #hand(
    process: CapturingProcess,
    handler: EventAggregator,
    batch: Batch,
    by: DeliverStep['by'],
  ): Promise<void> {
    const { from, events } = batch
    const given = this.#sabotage.events?.(events) ?? events
    const { count, error } = await handOver(handler, given, by)
    if (process !== this.#process) return
    const to = from + (error === null ? events.length : count)
    if (error !== null) this.#stream.returnTo(to)
    void handler.settled().then(() => this.#acknowledge(process, { from, to }))
    if (error !== null) throw error instanceof Error ? error : new Error('no Error was thrown')
  }

  /** Gives a chunk to the Capture, which takes it as soon as it has taken those before. */
  async #feed(process: CapturingProcess, batch: Batch): Promise<void> {
    const events = this.#sabotage.events?.(batch.events) ?? batch.events
    const ended = this.#stream.endedBy(batch)
    const acknowledge = ended && { acknowledge: () => this.#acknowledge(process, ended) }
    this.coverage.count(ended ? 'chunk in which a transaction ends' : 'chunk amid a transaction')
    await process.source?.put({ events, ...acknowledge })
  }

  #acknowledge(process: CapturingProcess, { from, to }: { from: number; to: number }): void {
    if (process.hasEnded) return
    this.#stream.acknowledge(from, to)
    this.#acknowledged.upTo(this.#stream.acknowledged)
  }

  async #build(number: number): Promise<void> {
    const { builders } = this.#process
    const builder = builders[number % builders.length]
    await this.#follow('buildObjects', async () => builder?.buildObjects())
  }

  async #redeliver(transactions: number): Promise<void> {
    await this.#readStream()
    if (this.#stream.goBack(transactions)) this.coverage.count('delivered again')
  }

  async #lapse(): Promise<void> {
    await this.#sets.lapse()
    await sleep(LAPSE_MS)
  }

  async #crash({ builder, gently }: CrashStep): Promise<void> {
    await this.#readStream()
    if (builder !== undefined && this.#process.restartBuilder(builder)) {
      this.coverage.count('crash of one builder')
    } else {
      const { source } = this.#process
      if (gently === true && source !== undefined && !this.#interference.isHolding) {
        await this.#follow('stop', () => this.#process.stopCapture())
        this.coverage.count('Capture stopped')
      }
      void this.#runInBackground('end', this.#process, () => this.#process.end())
      this.#process = this.#newProcess()
      this.#stream.restart()
      this.#isHandingOneByOne = false
      this.coverage.count('crash')
    }
    // Nobody renews their leases.
    if (await this.#sets.lapseLost()) await sleep(LAPSE_MS)
  }

  /** Starts an operation and waits for it, unless it, or something that it may wait for, is held. */
  async #follow(name: string, operation: () => Promise<void>): Promise<void> {
    const ended = this.#runInBackground(name, this.#process, operation)
    if (this.#interference.isHolding) await Promise.race([ended, sleep(MOMENT_MS)])
    else await Promise.race([ended, this.#interference.nextHold()])
  }

  #runInBackground(name: string, process: CapturingProcess, operation: () => Promise<void>): Promise<void> {
    const running = operation().catch((error: unknown) => this.#tell(name, process, error))
    this.#background.add(running)
    return running.finally(() => this.#background.delete(running))
  }

  #tell(name: string, process: CapturingProcess, error: unknown): void {
    if (process.hasEnded || isMade(error)) return
    if (error instanceof CaptureError && error.code === 'LEASE_LOST' && mayLapse(this.#script)) {
      this.coverage.count('lease lost before the objects were emitted')
      return
    }
    this.problems.push(
      `${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
  }

  /** Delivers and builds until all is quiet: from here on nothing fails, or first nothing but what is refused. */
  async #finish(): Promise<void> {
    const { isRefusing } = this.#interference
    this.#interference.endArmed()
    await this.#endOverlapping(Infinity)
    await this.#readStream()
    if (isRefusing) {
      await this.#buildUntilQuiet(ROUNDS_UNTIL_PARKED)
      await this.#judgeOthers()
    }
    this.#interference.end()
    await this.#buildUntilQuiet(LAST_ROUNDS)
    if (!this.#stream.isAtEnd) this.problems.push('Events could not be delivered.')
    await this.#acknowledgeAll()
    countRun(this.coverage, this.#script, {
      events: this.#stream.events,
      states: this.#states,
      replica: this.#replica,
    })
    this.coverage.count('event: under the name of its partition', this.#server.feed.renamed)
  }

  async #buildUntilQuiet(rounds: number): Promise<void> {
    for (let round = 1; round <= rounds && this.problems.length === 0; round += 1) {
      await Promise.all(this.#background)
      const failuresBefore = this.#interference.failures
      const wasAtEnd = this.#stream.isAtEnd
      // A source that delivers in order and waits for the build comes no further at what is refused: docs/events.md.
      const by = this.#interference.isRefusing ? 'collect' : 'handleEvents'
      await this.#deliver({ do: 'deliver', events: Infinity, by })
      // No build of its own comes between the last ones and the judgement.
      if (wasAtEnd) await this.#process.stopCapture()
      const hadLost = await this.#sets.lapseLost()
      if (hadLost) await sleep(LAPSE_MS)
      for (const build of this.#process.takeScheduled()) await this.#follow('a scheduled build', build)
      const hadWaiting = await this.#retry()
      for (const index of this.#process.builders.keys()) await this.#build(index)
      // What a build of this very round has left behind is for the next one.
      const hadFailed = hadWaiting || this.#interference.failures > failuresBefore
      if (wasAtEnd && !hadLost && !hadFailed && this.#background.size === 0) break
    }
  }

  /** Has what failed tried again, and what is parked too once nothing is refused any more. Tells whether there was any. */
  async #retry(): Promise<boolean> {
    const [builder] = this.#process.builders
    if (builder === undefined) return false
    const ids = await this.#sets.waiting()
    if (!this.#interference.isRefusing) {
      const parked = await parkedIds(builder)
      this.coverage.count('parked object tried again', parked.length)
      ids.push(...parked)
    }
    if (ids.length > 0) await this.#follow('retry', () => builder.parked.retry(ids))
    return ids.length > 0
  }

  /** What is refused holds up nothing else. */
  async #judgeOthers(): Promise<void> {
    const [builder] = this.#process.builders
    const parked = builder === undefined ? [] : await parkedIds(builder)
    this.coverage.count('object parked', parked.length)
    this.coverage.count('all but what is refused came through')
    const present = [...this.#truth.after(this.#states.length - 1).keys()]
    // Where a row's key has become an equal one of another text, the old text goes with the change that has the new one.
    const refused = new Set(present.filter((id) => this.#interference.isRefused(id)).map(equalForm))
    const isOther = (id: string): boolean =>
      !this.#interference.isRefused(id) && !parked.includes(id) && !refused.has(equalForm(id))
    this.problems.push(...replicaProblems(this.#truth, this.#replica, isOther))
  }

  /** All has been emitted: so the source has to learn that it may forget all. */
  async #acknowledgeAll(): Promise<void> {
    const { handlers } = this.#process
    if (!handlers.every(({ durable, emits }) => durable || emits)) return
    for (let turn = 0; turn < 10 && !this.#isAllAcknowledged; turn += 1) await sleep(turn)
    if (!this.#isAllAcknowledged && this.problems.length === 0) {
      this.problems.push('All was emitted, and not everything was acknowledged.')
    }
  }

  get #isAllAcknowledged(): boolean {
    return this.#stream.acknowledged === this.#stream.events.length
  }

  #newProcess(): CapturingProcess {
    const process: CapturingProcess = new CapturingProcess({
      script: this.#script,
      server: this.#server,
      sets: this.#sets,
      interference: this.#interference,
      replica: this.#replica,
      sabotage: this.#sabotage,
      coverage: this.coverage,
      onError: (error) => this.#tell('a build or the Capture', process, error),
    })
    return process
  }
}

async function parkedIds(aggregator: EventAggregator): Promise<string[]> {
  const ids: string[] = []
  for await (const batch of aggregator.parked.list())
    ids.push(...batch.map(({ id }) => idTextOf(aggregator.schema, id)))
  return ids
}

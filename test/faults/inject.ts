import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type Fault, pointOf } from './fault.ts'
import type { Post } from './post.ts'
import type { Stage } from './stage.ts'
import type { Instruction } from './worker/worker-options.ts'
import type { WorkerProcess } from './worker-process.ts'

/** What faults happen to. */
export interface Scene {
  readonly stage: Stage
  readonly handler: Post
  /** With a set in memory the handler itself. */
  readonly builders: readonly Post[]
  /** On the captured database, past all proxies. */
  readonly admin: pg.Pool
  readonly scope: string
  readonly leaseMs: number
}

const PATIENCE_MS = 90_000

/**
 * Makes one fault happen, and waits until what it has hit works again or the fault is over.
 *
 * @throws Error where it does not come about: a harness that does less than it says would look like a passed run.
 */
export async function inject(fault: Fault, scene: Scene): Promise<void> {
  const late = new AbortController()
  const patience = sleep(PATIENCE_MS, undefined, { signal: late.signal, ref: false }).then(() => {
    throw new Error(`"${fault.kind}" has not come about within ${PATIENCE_MS / 1_000} seconds.`)
  })
  patience.catch(() => undefined)
  try {
    await Promise.race([happen(fault, scene), patience])
  } finally {
    late.abort()
  }
}

async function happen(fault: Fault, scene: Scene): Promise<void> {
  const { stage, leaseMs } = scene
  const { kind, part } = fault
  const post = fault.target === 'handler' ? scene.handler : pickBuilder(scene, part)
  const point = pointOf(kind)
  if (point !== undefined) {
    await untilKilled(post, (worker) =>
      worker.tell({ type: 'order', order: { point, after: fault.after, action: 'kill', ms: 0 } }),
    )
    return
  }
  switch (kind) {
    case 'handler killed at any moment':
    case 'builder killed at any moment':
      return untilKilled(post, async (worker) => {
        await sleep(part * 500)
        worker.signal('SIGKILL')
      })
    case 'handler stopped and continued':
    case 'builder stopped past its lease': {
      const worker = await post.working()
      worker.signal('SIGSTOP')
      await sleep(leaseMs * (1.5 + part))
      worker.signal('SIGCONT')
      return
    }
    case 'builder stopped in onChange past its lease': {
      const order = { point: 'before onChange', after: fault.after, action: 'stop', ms: 0 } as const
      const worker = await tellUntilDone(post, { type: 'order', order })
      await sleep(leaseMs * (1.5 + part))
      worker.signal('SIGCONT')
      return
    }
    case 'onChange throws':
    case 'onChange hangs past the lease':
    case 'onChange blocks its process past the lease': {
      const action = kind === 'onChange throws' ? 'throw' : kind.includes('hangs') ? 'hang' : 'block'
      const ms = leaseMs * (1.5 + part)
      const order = { point: 'before onChange', after: fault.after, action, ms } as const
      await tellUntilDone(post, { type: 'order', order })
      return
    }
    case 'clock of the handler jumps':
    case 'clock of the builder jumps': {
      const days = (part - 0.5) * 20
      ;(await post.working()).tell({ type: 'clock', ms: Math.round(days * 86_400_000) })
      await sleep(leaseMs)
      return
    }
    case 'events delivered again':
      await tellUntilDone(post, { type: 'duplicate', chunks: 3 })
      return
    case 'batches reordered':
      await tellUntilDone(post, { type: 'reorder', chunks: 10 })
      return
    case 'walsender terminated':
      return terminateWalsender(scene)
    case 'stream cut in the middle':
      return stage.ways.replication.cutAfter(1 + Math.round(part * 20_000))
    case 'query cut in the middle':
      return stage.ways.queries.cutAfter(1 + Math.round(part * 50_000))
    case 'Postgres restarted':
      return stage.postgres.restart('immediate')
    case 'Redis restarted':
      return stage.redis.restart()
    case 'Redis unreachable, then there again':
    case 'Redis unreachable, then reset':
      stage.ways.redis.hold()
      await sleep(500 + part * 2 * leaseMs)
      if (kind.endsWith('reset')) stage.ways.redis.reset()
      stage.ways.redis.release()
      return
    case 'RabbitMQ restarted':
      return stage.rabbitmq.restart()
    default:
      throw new Error(`Nobody knows how to make "${kind}" happen.`)
  }
}

function pickBuilder({ builders }: Scene, part: number): Post {
  const post = builders[Math.floor(part * 1_000) % builders.length]
  if (post === undefined) throw new Error('There is no builder.')
  return post
}

/** Until a worker of the post has ended by SIGKILL, and the next one works. One that ends otherwise meanwhile is no kill. */
async function untilKilled(post: Post, doom: (worker: WorkerProcess) => unknown): Promise<void> {
  for (;;) {
    const worker = await post.working()
    await doom(worker)
    const { signal } = await worker.exit
    if (signal === 'SIGKILL') break
  }
  await post.working()
}

/** Until a worker of the post has done so; resolves to it. */
export async function tellUntilDone(post: Post, instruction: Instruction): Promise<WorkerProcess> {
  for (;;) {
    const worker = await post.working()
    const done = worker.done()
    worker.tell(instruction)
    if (await done) return worker
  }
}

async function terminateWalsender({ admin, scope }: Scene): Promise<void> {
  for (;;) {
    const sql = `SELECT pg_terminate_backend(active_pid) AS done FROM pg_replication_slots WHERE slot_name = $1`
    const { rows } = await admin.query<{ done: boolean | null }>(sql, [scope]).catch(() => ({ rows: [] }))
    if (rows[0]?.done === true) return
    await sleep(50)
  }
}

import type { ClaimingIdsSet } from '../pending/ids-set.ts'

interface Run {
  /** Whose it is: the runs of one builder do not overlap, nor wait for one another. */
  readonly builder: object
  /** Resolves at its end to whether nothing was left behind. */
  readonly ended: Promise<boolean>
  /** The ends of the runs of other builders that were under way at some time during this one. */
  readonly beside: Promise<boolean>[]
}

const underWay = new WeakMap<ClaimingIdsSet, Set<Run>>()

/**
 * Tells a builder when what was pending at the start of its run has been emitted, by itself or by other builders of this
 * process over the same set: it finds nothing to claim while another one holds the ids, and has not emitted them yet.
 *
 * `run` resolves to whether nothing was left behind. `whenEmitted` is called once, later, where neither this run nor one that
 * overlapped it left anything behind; else a later run has to find out.
 */
export async function runOverSet(
  claims: ClaimingIdsSet,
  builder: object,
  run: () => Promise<boolean>,
  whenEmitted: () => void,
): Promise<void> {
  const runs = underWay.get(claims) ?? new Set()
  underWay.set(claims, runs)
  const others = [...runs].filter((other) => other.builder !== builder)
  let end: (isDone: boolean) => void = () => undefined
  const ended = new Promise<boolean>((resolve) => {
    end = resolve
  })
  const self: Run = { builder, ended, beside: others.map((other) => other.ended) }
  for (const other of others) other.beside.push(ended)
  runs.add(self)
  let isDone = false
  try {
    isDone = await run()
  } finally {
    runs.delete(self)
    end(isDone)
  }
  if (!isDone) return
  if (self.beside.length === 0) whenEmitted()
  else void Promise.all(self.beside).then((all) => all.every(Boolean) && whenEmitted())
}

import { reportFailure } from '../errors/report-failure.ts'
import { positiveInteger } from '../pending/positive-integer.ts'
import type { Health } from './health.ts'

export interface WatchHealthOptions {
  /** How often to look, in milliseconds. Default: 5,000. */
  readonly everyMs?: number | undefined
}

/**
 * Tells of each change of health: at the first look where it is not `ok`, then whenever the state or the codes of its
 * reasons change. Gives the function that ends it. `Capture` does this by its option `onHealth`.
 *
 * @example
 * ```ts
 * const unwatch = watchHealth(aggregator, ({ state, reasons }) => log.warn({ state, reasons }))
 * // { state: 'stalled', reasons: [{ code: 'BUILDS_FAILING', state: 'stalled', message: 'For 61 s: …' }] }
 * ```
 */
export function watchHealth(
  watched: { health(): Promise<Health> },
  onHealth: (health: Health) => void,
  options: WatchHealthOptions = {},
): () => void {
  const everyMs = positiveInteger(options.everyMs ?? 5_000, 'everyMs')
  let timer: ReturnType<typeof setTimeout> | undefined
  let isOver = false
  let told = 'ok'

  async function look(): Promise<void> {
    try {
      const health = await watched.health()
      const summary = [health.state, ...health.reasons.map(({ code, state }) => `${code} ${state}`)].join()
      if (!isOver && summary !== told) {
        told = summary
        onHealth(health)
      }
    } catch (error) {
      reportFailure('onHealth, or the look at the health, failed', error)
    }
    if (!isOver) timer = setTimeout(() => void look(), everyMs)
  }

  timer = setTimeout(() => void look(), everyMs)
  return () => {
    isOver = true
    clearTimeout(timer)
  }
}

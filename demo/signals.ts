import { constants } from 'node:os'

/** One press of Ctrl-C may reach us several times: from the terminal, and passed on by what started us. */
const SAME_PRESS_MS = 500

let interrupt: (() => void) | undefined
let pressedAt = -Infinity

/**
 * From here on a signal ends the process with the exit code that shells use for it. The Postgres and its directory go
 * as the process exits: `startPostgres` sees to that.
 */
export function exitOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (signal === 'SIGINT' && interrupt !== undefined) {
        pressedAt = performance.now()
        interrupt()
        interrupt = undefined
      } else if (signal !== 'SIGINT' || performance.now() - pressedAt > SAME_PRESS_MS) {
        process.exit(128 + constants.signals[signal])
      }
    })
  }
}

/** Resolves at the next Ctrl-C, which then does not end the process; the one after it does. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    interrupt = resolve
  })
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const cleanups = new Set<() => void>()

/**
 * Runs a synchronous clean-up when this process ends: normally, by `process.exit`, by an uncaught error, or by SIGINT,
 * SIGTERM or SIGHUP. The signal keeps its meaning: the process still dies of it, with the same exit status.
 * A program with a signal handler of its own decides itself when it ends; the clean-up then runs as it exits.
 *
 * @returns a function that takes the clean-up back.
 */
export function onProcessEnd(cleanup: () => void): () => void {
  if (cleanups.size === 0) listen()
  cleanups.add(cleanup)
  return () => {
    if (cleanups.delete(cleanup) && cleanups.size === 0) unlisten()
  }
}

function listen(): void {
  process.on('exit', runAll)
  // First in line: a `once` handler has already removed itself by the time that later listeners run and count.
  for (const signal of signals) process.prependListener(signal, dieOf)
}

function unlisten(): void {
  process.removeListener('exit', runAll)
  for (const signal of signals) process.removeListener(signal, dieOf)
}

function runAll(): void {
  for (const cleanup of cleanups) cleanup()
}

function dieOf(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return
  runAll()
  cleanups.clear()
  unlisten()
  process.kill(process.pid, signal)
}

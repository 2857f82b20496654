/** Doubles from the first pause to the longest one, with jitter, so that many builders do not come back at once. */
export function pauseMs(attempt: number): number {
  const longest = Math.min(100 * 2 ** (attempt - 1), 10_000)
  return longest / 2 + Math.random() * (longest / 2)
}

/** Waits, or returns early when the signal aborts. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}

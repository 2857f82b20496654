const FIRST_MS = 100

/** Exponential back-off, of which a random half is left away, so that many processes do not come back at once. */
export function retryDelay(attempt: number, longestMs: number, random: () => number = Math.random): number {
  const delay = Math.min(longestMs, FIRST_MS * 2 ** Math.min(attempt - 1, 30))
  return Math.round(delay * (0.5 + random() / 2))
}

/** Waits, or returns early when the signal aborts. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done)
  })
}

const FIRST_MS = 100
const LONGEST_MS = 30_000

/** Exponential back-off, of which a random half is left away so that many processes don't come back at once. */
export function retryDelay(
  attempt: number,
  longestMs: number = LONGEST_MS,
  random: () => number = Math.random,
): number {
  const delay = Math.min(longestMs, FIRST_MS * 2 ** Math.min(attempt - 1, 30))
  return Math.round(delay * (0.5 + random() / 2))
}

const MICROSECONDS_FROM_1970_TO_2000 = 946_684_800_000_000

/** Microseconds since 2000-01-01 UTC, Postgres's clock, of the present. */
export function postgresNow(): bigint {
  return BigInt(Date.now() * 1000 - MICROSECONDS_FROM_1970_TO_2000)
}

/**
 * Postgres's clock as ISO 8601 with all six decimals, which a `Date` could not hold.
 *
 * @example
 * ```ts
 * isoTime(1n) // '2000-01-01T00:00:00.000001Z'
 * ```
 */
export function isoTime(microseconds: bigint): string {
  const sinceEpoch = Number(microseconds) + MICROSECONDS_FROM_1970_TO_2000
  const milliseconds = Math.floor(sinceEpoch / 1000)
  const rest = String(sinceEpoch - milliseconds * 1000).padStart(3, '0')
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${rest}Z`
}

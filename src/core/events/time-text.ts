const MICROSECONDS_PER_DAY = 86_400_000_000n

/**
 * A day, counted from 1970-01-01, as Postgres reads it; `undefined` outside of the years that JavaScript knows.
 *
 * @example
 * ```ts
 * dayText(20782n) // '2026-11-25'
 * ```
 */
export function dayText(days: bigint): string | undefined {
  const date = new Date(Number(days) * 86_400_000)
  if (Number.isNaN(date.getTime())) return undefined
  const year = date.getUTCFullYear()
  const text = `${padded(year > 0 ? year : 1 - year, 4)}-${padded(date.getUTCMonth() + 1)}-${padded(date.getUTCDate())}`
  // Year 0 is 1 BC.
  return year > 0 ? text : `${text} BC`
}

/** A time of day, in microseconds since midnight; 24:00 is one, too. `undefined` for what is none. */
export function timeOfDayText(microseconds: bigint): string | undefined {
  if (microseconds < 0n || microseconds > MICROSECONDS_PER_DAY) return undefined
  const seconds = microseconds / 1_000_000n
  const clock = [seconds / 3_600n, (seconds / 60n) % 60n, seconds % 60n].map((part) => padded(part)).join(':')
  return `${clock}.${padded(microseconds % 1_000_000n, 6)}`
}

/** A moment in microseconds since 1970-01-01, without a time zone. */
export function timestampText(microseconds: bigint): string | undefined {
  const rest = ((microseconds % MICROSECONDS_PER_DAY) + MICROSECONDS_PER_DAY) % MICROSECONDS_PER_DAY
  const day = dayText((microseconds - rest) / MICROSECONDS_PER_DAY)
  const time = timeOfDayText(rest)
  if (day === undefined || time === undefined) return undefined
  const [date = '', era] = day.split(' ')
  return era === undefined ? `${date} ${time}` : `${date} ${time} ${era}`
}

function padded(part: bigint | number, length = 2): string {
  return String(part).padStart(length, '0')
}

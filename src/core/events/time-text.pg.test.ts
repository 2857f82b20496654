import fc from 'fast-check'
import { expect, test } from 'vitest'
import { testDatabase } from '../../../test/support/postgres.ts'
import { dayText, timeOfDayText, timestampText } from './time-text.ts'

const database = testDatabase()

const DAYS = { min: -2_400_000n, max: 50_000_000n }
const counts = (min: bigint, max: bigint): bigint[] =>
  fc
    .sample(fc.oneof(fc.bigInt(min, max), fc.bigInt(-800_000n, 80_000n)), 200)
    .filter((count) => count >= min && count <= max)

/** What Postgres makes of the texts, as counts again. */
async function countsOf(expression: string, texts: readonly (string | undefined)[]): Promise<bigint[]> {
  const rows = await database.rows<{ count: string }>(
    `select (${expression})::numeric(40, 0)::text as count from unnest($1::text[]) with ordinality as t(text, nth) order by nth`,
    [texts],
  )
  return rows.map(({ count }) => BigInt(count))
}

test('a day is the one that Postgres reads, before Christ too', async () => {
  const days = [0n, -1n, -719_162n, -719_163n, -735_606n, 20_782n, ...counts(DAYS.min, DAYS.max)]
  expect(await countsOf(`text::date - date '1970-01-01'`, days.map(dayText))).toEqual(days)
  expect(dayText(10n ** 12n)).toBeUndefined()
})

test('a moment is the one that Postgres reads, to the microsecond', async () => {
  const moments = [
    0n,
    -1n,
    1764081310534225n,
    ...counts(DAYS.min * 86_400_000_000n, DAYS.max * 86_400_000_000n),
  ]
  expect(
    await countsOf(
      `extract(epoch from text::timestamp - timestamp '1970-01-01') * 1000000`,
      moments.map(timestampText),
    ),
  ).toEqual(moments)
  expect(timestampText(9223372036825200000n * 1000n)).toBeUndefined()
})

test('a time of day is the one that Postgres reads, 24:00 included', async () => {
  const times = [0n, 1n, 86_400_000_000n, ...counts(0n, 86_399_999_999n)]
  expect(await countsOf(`extract(epoch from text::time) * 1000000`, times.map(timeOfDayText))).toEqual(times)
  expect([timeOfDayText(-1n), timeOfDayText(86_400_000_001n)]).toEqual([undefined, undefined])
})

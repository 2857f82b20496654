import assert from 'node:assert/strict'

/** How much longer than told a thing may seem to have taken: what slow machines need for the calls themselves. */
const slack = 55_000

/** So many milliseconds as expected, and a little more; the clock may be coarse. */
export function assertTook(ms: number, expected: number): void {
  assert.ok(ms >= expected - 5 && ms < expected + slack, `${ms} ms are not about ${expected}`)
}
